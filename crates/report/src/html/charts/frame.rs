//! A chart as a figure: title, a sentence, a key, the drawing, and its numbers as a table.

use super::super::escape::{escape, escape_bound};

/// A whole chart. Texts are plain; what is HTML already says so.
#[derive(Debug, Default)]
pub(crate) struct Chart {
    /// Names its parts; letters and hyphens.
    pub(crate) id: &'static str,
    /// What is drawn.
    pub(crate) title: String,
    /// What there is to see, or how to read it.
    pub(crate) say: String,
    /// The key, as HTML; empty where marks need none.
    pub(crate) key: String,
    /// The drawing or drawings, as HTML.
    pub(crate) drawing: String,
    /// The same numbers as a table, as HTML.
    pub(crate) table: String,
    /// Takes the whole width.
    pub(crate) wide: bool,
}

impl Chart {
    /// The figure as HTML.
    pub(crate) fn figure(&self) -> String {
        let wide = if self.wide { " wide" } else { "" };
        format!(
            "<figure class=\"chart{wide}\" id=\"{}\">\n<figcaption><h3>{}</h3>\n{}{}</figcaption>\n{}\
             <details><summary>Numbers</summary>\n{}</details>\n</figure>\n",
            self.id,
            escape(&self.title),
            said(&self.say),
            self.key,
            self.drawing,
            self.table
        )
    }
}

/// A figure that says why there is nothing to draw.
pub(crate) fn nothing(title: &str, why: &str) -> String {
    format!(
        "<figure class=\"chart\">\n<figcaption><h3>{}</h3></figcaption>\n<p class=\"nothing\">{}</p>\n</figure>\n",
        escape(title),
        escape(why)
    )
}

/// One drawing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plot<'a> {
    /// Names its title and description; letters, digits and hyphens.
    pub(crate) id: &'a str,
    /// What is drawn, as plain text.
    pub(crate) title: &'a str,
    /// What there is to see in words, for those who do not see it.
    pub(crate) desc: &'a str,
    /// Pixels from the top to the lower end; what stands below is outside.
    pub(crate) height: f64,
    /// Pixels left free for labels at the left.
    pub(crate) left: usize,
    /// Pixels left free for labels at the right.
    pub(crate) right: usize,
    /// How many hit areas the arrow keys for up and down move; 0 for one row.
    pub(crate) row: usize,
    /// Further class of the element: `tall` has room above, `flat` none below.
    pub(crate) class: &'a str,
}

impl Plot<'_> {
    /// The drawing with this content.
    pub(crate) fn draw(&self, body: &str) -> String {
        let row = if self.row > 0 { format!(" data-row=\"{}\"", self.row) } else { String::new() };
        let class = if self.class.is_empty() { String::new() } else { format!(" {}", self.class) };
        let id = self.id;
        format!(
            "<svg class=\"plot{class}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" height=\"{}\"{row} \
             style=\"--left:{}px;--right:{}px\">\n<title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n\
             {body}</svg>\n",
            px(self.height),
            self.left,
            self.right,
            escape(self.title),
            escape(self.desc)
        )
    }
}

/// Areas side by side over the whole height, one a text, each of which says its text when it is pointed at.
pub(crate) fn hits(height: f64, texts: impl ExactSizeIterator<Item = String>) -> String {
    let n = texts.len().max(1) as f64;
    texts.enumerate().map(|(place, text)| hit(place as f64 / n, 1.0 / n, 0.0, height, &text)).collect()
}

/// An area that says a text when it is pointed at; `x` and `wide` are parts of the width.
pub(crate) fn hit(x: f64, wide: f64, y: f64, high: f64, text: &str) -> String {
    format!(
        "<rect class=\"hit\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>\n",
        pct(x),
        px(y),
        pct(wide),
        px(high),
        escape(text)
    )
}

/// A part of the width as an attribute.
pub(crate) fn pct(part: f64) -> String {
    format!("{:.2}%", part * 100.0)
}

/// Pixels as an attribute, to a tenth.
pub(crate) fn px(pixels: f64) -> String {
    let text = format!("{pixels:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<p class=\"say\">{}</p>\n", escape_bound(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_short() {
        assert_eq!([px(12.0), px(12.04), px(12.06), px(-0.01), px(-3.5)], ["12", "12", "12.1", "0", "-3.5"]);
        assert_eq!(pct(1.0 / 28.0), "3.57%");
    }

    #[test]
    fn a_drawing_is_named_and_its_text_is_text() {
        let plot =
            Plot { id: "a-b", title: "A <b>", desc: "c & d", height: 20.0, left: 3, right: 0, row: 24, class: "flat" };
        assert_eq!(
            plot.draw("<g></g>"),
            "<svg class=\"plot flat\" role=\"img\" aria-labelledby=\"a-b-t a-b-d\" height=\"20\" data-row=\"24\" \
             style=\"--left:3px;--right:0px\">\n<title id=\"a-b-t\">A &lt;b&gt;</title>\n\
             <desc id=\"a-b-d\">c &amp; d</desc>\n<g></g></svg>\n"
        );
    }

    #[test]
    fn hits_share_the_width() {
        let areas = hits(9.0, ["a".to_owned(), "b".to_owned()].into_iter());
        assert_eq!(
            areas,
            "<rect class=\"hit\" x=\"0.00%\" y=\"0\" width=\"50.00%\" height=\"9\"><title>a</title></rect>\n\
             <rect class=\"hit\" x=\"50.00%\" y=\"0\" width=\"50.00%\" height=\"9\"><title>b</title></rect>\n"
        );
    }
}
