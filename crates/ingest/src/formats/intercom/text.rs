//! Bodies are HTML; what the customer saw is text.

use std::borrow::Cow;

use memchr::memchr2;

/// Tags that stand between two lines.
const BREAKS: [&str; 16] =
    ["p", "br", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"];

/// The text of a body, without spaces at both ends: tags are left out, lines kept apart, the usual entities resolved.
/// A body that is plain text already stays as it is, also with a `<` that begins no tag.
pub fn plain(html: &str) -> Cow<'_, str> {
    let html = html.trim();
    // Most bodies are one paragraph.
    let inner = html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).unwrap_or(html);
    if memchr2(b'<', b'&', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner.trim());
    }
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(length) = memchr2(b'<', b'&', rest.as_bytes()) {
        text.push_str(&rest[..length]);
        rest = &rest[length..];
        rest = if rest.starts_with('<') { tag(rest, &mut text) } else { entity(rest, &mut text) };
    }
    text.push_str(rest);
    Cow::Owned(if text.trim().len() == text.len() { text } else { text.trim().to_owned() })
}

/// Reads over the tag at the beginning, and gives what is behind it. What is no tag is text.
fn tag<'h>(html: &'h str, text: &mut String) -> &'h str {
    let inside = &html[1..];
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
        text.push('<');
        return inside;
    }
    // Without an end there is no tag behind it either.
    let Some(end) = inside.find('>') else {
        text.push_str(html);
        return "";
    };
    let name = inside[..end].trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_break = BREAKS.iter().any(|tag| tag.eq_ignore_ascii_case(name));
    let behind = &inside[end + 1..];
    if !is_break {
        return behind;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // The interface writes paragraphs on lines of their own.
    behind.trim_start_matches(['\r', '\n'])
}

/// Resolves the entity at the beginning, and gives what is behind it. What is no entity is text.
fn entity<'h>(html: &'h str, text: &mut String) -> &'h str {
    let inside = &html[1..];
    // The longest that is known has eight characters: `#x10FFFF`.
    let found = inside.bytes().take(9).position(|byte| byte == b';').and_then(|end| {
        let name = inside.get(..end)?;
        let c = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => ' ',
            _ => number(name.strip_prefix('#')?)?,
        };
        Some((c, end))
    });
    match found {
        Some((c, end)) => {
            text.push(c);
            &inside[end + 1..]
        }
        None => {
            text.push('&');
            inside
        }
    }
}

fn number(text: &str) -> Option<char> {
    let code = match text.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    };
    code.ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_what_is_seen() {
        let cases = [
            ("<p>STOP</p>", "STOP"),
            ("plain text", "plain text"),
            (" <p> a </p>\n", "a"),
            ("<p>one</p>\n<p>two<br>three</p>", "one\ntwo\nthree"),
            ("<p>one</p><p class=\"x\">two</p>", "one\ntwo"),
            ("<p>Tom &amp; <b>Ann</b> &#39;24 &#x20AC; &nbsp;</p>", "Tom & Ann '24 €"),
            ("1 < 2 & 3 > 2 &unknown; &", "1 < 2 & 3 > 2 &unknown; &"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("<p><img src=\"x\"></p>", ""),
            ("<p>cut <b", "cut <b"),
            ("&#xD800;&#99999999;&é;", "&#xD800;&#99999999;&é;"),
            ("", ""),
        ];
        for (html, text) in cases {
            assert_eq!(plain(html), text, "{html}");
        }
        assert!(matches!(plain("<p>short</p>"), Cow::Borrowed("short")));
    }
}
