//! The whole document: complete, escaped, the same every time.

use super::*;
use crate::sample;

#[test]
fn text_from_the_data_is_escaped() {
    let mut digest = sample::rich();
    digest.title = "\"><script>".to_owned();
    digest.channels[0].channel = Some("<img src=x>".to_owned());
    digest.kpis[0].details[0] = ("<i>".to_owned(), "<u>".to_owned());
    digest.suggestions[0].evidence = "<b>".to_owned();
    let page = render(&digest);
    for markup in ["<script", "<img", "<i>", "<u>", "<b>"] {
        assert_eq!(page.matches(markup).count(), 0, "{markup}");
    }
    assert_eq!(page.matches("<th scope=\"row\">&lt;script&gt;alert(1)&lt;/script&gt;</th>").count(), 1);
    assert_eq!(page.matches("&quot;&gt;&lt;script&gt;").count(), 2);
}

#[test]
fn nothing_is_loaded() {
    let page = render(&sample::rich());
    for reference in ["http:", "https:", "src=", "href=", "url(", "@import", "<link"] {
        assert_eq!(page.matches(reference).count(), 0, "{reference}");
    }
}

#[test]
fn every_element_is_closed() {
    for digest in [sample::rich(), Digest::default()] {
        let page = render(&digest);
        for tag in [
            "html", "head", "title", "style", "body", "main", "header", "section", "article", "h1", "h2", "h3", "p",
            "div", "span", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "ol", "ul", "li",
            "svg", "aside",
        ] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}

#[test]
fn cards_say_what_the_colours_say() {
    let page = render(&sample::rich());
    assert_eq!(page.matches("<article class=\"card\">").count(), 7);
    assert_eq!(page.matches("<p class=\"change better\">▼ −38 s better</p>").count(), 1);
    assert_eq!(page.matches("<span class=\"better\">✓ met</span>").count(), 2);
    assert_eq!(page.matches("<span class=\"badge\">provisional</span>").count(), 2);
    assert_eq!(page.matches("<p class=\"note\">no close events</p>").count(), 1);
}

#[test]
fn an_empty_digest_is_a_page_of_its_own() {
    let page = render(&Digest::default());
    assert_eq!(page.matches("<h1>Support report</h1>").count(), 1);
    for nothing in [NO_KPIS, NO_CHANNELS, NO_HOURS, NO_TOPICS, NO_SUGGESTIONS] {
        assert_eq!(page.matches(&format!("<p class=\"nothing\">{nothing}</p>")).count(), 1, "{nothing}");
    }
    assert_eq!(page.matches("<aside").count(), 0);
}

#[test]
fn the_same_digest_gives_the_same_bytes() {
    assert_eq!(render(&sample::rich()), render(&sample::rich()));
}
