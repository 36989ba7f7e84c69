//! The whole document: complete, escaped, the same every time.

use super::*;
use crate::sample;

#[test]
fn text_from_the_data_is_escaped() {
    let mut digest = sample::charted();
    digest.title = "\"><script>".to_owned();
    digest.channels[0].channel = Some("<img src=x>".to_owned());
    digest.kpis[0].details[0] = ("<i>".to_owned(), "<u>".to_owned());
    digest.suggestions[0].evidence = "<b>".to_owned();
    let page = render(&digest);
    for (markup, ours) in [("<script", 1), ("<img", 0), ("<i>", 0), ("<u>", 0), ("<b>", 0)] {
        assert_eq!(page.matches(markup).count(), ours, "{markup}");
    }
    assert_eq!(page.matches("<th scope=\"row\">&lt;script&gt;alert(1)&lt;/script&gt;</th>").count(), 2);
    assert_eq!(page.matches("&quot;&gt;&lt;script&gt;").count(), 2);
}

#[test]
fn nothing_is_loaded() {
    let page = render(&sample::charted());
    for reference in ["http", "src=", "srcset", "url(", "@import", "<link", "<base", "<object", "fetch("] {
        assert_eq!(page.matches(reference).count(), 0, "{reference}");
    }
    // Links lead to places of the page.
    assert_eq!(page.matches("href=").count(), page.matches("href=\"#").count());
}

#[test]
fn every_element_is_closed() {
    for digest in [sample::charted(), sample::rich(), Digest::default()] {
        let page = render(&digest);
        for tag in [
            "html",
            "head",
            "title",
            "style",
            "body",
            "main",
            "header",
            "section",
            "article",
            "h1",
            "h2",
            "h3",
            "h4",
            "p",
            "div",
            "span",
            "dl",
            "dt",
            "dd",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "ol",
            "ul",
            "li",
            "svg",
            "figure",
            "figcaption",
            "details",
            "summary",
            "text",
            "desc",
            "nav",
            "a",
            "small",
            "pre",
            "code",
            "footer",
            "script",
        ] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}

#[test]
fn every_chart_has_a_title_a_description_and_its_numbers() {
    let page = render(&sample::charted());
    let figures: Vec<&str> = page.split("<figure ").skip(1).collect();
    // Volume over time and week; shares, targets, channels over time; two response times, waits by length, hour and topic;
    // resolutions by length, for their times are not in the sample; subscriptions.
    assert_eq!(figures.len(), 12);
    for figure in figures {
        let figure = figure.split("</figure>").next().unwrap_or_default();
        let drawings = figure.matches("<svg class=\"plot").count();
        assert!(drawings > 0, "{figure}");
        assert_eq!(figure.matches(" role=\"img\" aria-labelledby=").count(), drawings);
        assert_eq!(figure.matches("<title id=").count(), drawings);
        assert_eq!(figure.matches("<desc id=").count(), drawings);
        assert_eq!(figure.matches("<h3>").count(), 1);
        assert_eq!(figure.matches("<table>").count(), 1);
    }
}

#[test]
fn no_two_elements_have_one_id() {
    let page = render(&sample::charted());
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    ids.sort_unstable();
    let n = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), n);
}

#[test]
fn a_chart_without_data_says_so() {
    let page = render(&Digest::default());
    assert_eq!(page.matches("<svg class=\"plot").count(), 0);
    for sentence in [
        "no messages in this period",
        "no answered waits in this period",
        "no topics with answered waits in this period",
        "no known contacts in this period",
        "no resolutions in this period",
    ] {
        assert!(page.contains(&format!("<p class=\"nothing\">{sentence}</p>")), "{sentence}");
    }
}

#[test]
fn what_is_usual_is_drawn_and_said() {
    let mut digest = sample::charted();
    let baseline = crate::digest::Baseline { low: Some(200.0), high: Some(400.0), ..Default::default() };
    digest.kpis[2].baseline = Some(baseline);
    digest.kpis[2].verdict = Some("within usual range".to_owned());
    let page = render(&digest);
    assert_eq!(page.matches("<rect class=\"usual\"").count(), 1);
    let said = "<p class=\"usual-text neutral\">usual 3 min 20 s to 6 min 40 s: within usual range</p>";
    let read = page.replace('\u{a0}', " ");
    assert_eq!(read.matches(said).count(), 1);
    // Keys name the band of the first responses, and the line of the target there, of all responses, and of topics.
    assert_eq!(read.matches("</svg>usual mean 3 min 20 s to 6 min 40 s</li>").count(), 1);
    assert_eq!(read.matches("</svg>target 10 min</li>").count(), 3);
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
    for nothing in [NO_KPIS, NO_FINDINGS, NO_SUGGESTIONS] {
        assert_eq!(page.matches(&format!("<p class=\"nothing\">{nothing}</p>")).count(), 1, "{nothing}");
    }
    assert_eq!(page.matches("<footer").count(), 0);
    assert_eq!(page.matches("id=\"method\"").count(), 0);
}

#[test]
fn the_same_digest_gives_the_same_bytes() {
    assert_eq!(render(&sample::charted()), render(&sample::charted()));
}
