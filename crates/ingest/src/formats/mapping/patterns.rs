//! Texts that a mapping compares with: whole ones, or what they begin with, end with, or have in them.

use hashbrown::HashMap;

/// A text in which stars at the beginning and at the end stand for anything; upper and lower case of ASCII letters are
/// the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Without the stars.
    text: String,
    /// Whether anything may stand before it.
    star_before: bool,
    /// Whether anything may follow it.
    star_behind: bool,
}

impl Pattern {
    /// The pattern of a text with stars, or without.
    pub fn new(text: &str) -> Self {
        let (text, star_before) = text.strip_prefix('*').map_or((text, false), |rest| (rest, true));
        let (text, star_behind) = text.strip_suffix('*').map_or((text, false), |rest| (rest, true));
        Self { text: text.to_owned(), star_before, star_behind }
    }

    /// Whether a text fits.
    pub fn matches(&self, text: &str) -> bool {
        let (own, text) = (self.text.as_bytes(), text.as_bytes());
        match (self.star_before, self.star_behind) {
            (false, false) => text.eq_ignore_ascii_case(own),
            (false, true) => text.get(..own.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(own)),
            (true, _) if own.is_empty() => true,
            (true, false) => text.len() >= own.len() && text[text.len() - own.len()..].eq_ignore_ascii_case(own),
            (true, true) => text.windows(own.len()).any(|piece| piece.eq_ignore_ascii_case(own)),
        }
    }

    fn is_whole(&self) -> bool {
        !self.star_before && !self.star_behind
    }
}

/// Texts for texts.
#[derive(Debug, Default)]
pub struct ValueMap {
    /// By the whole text in lower case.
    whole: HashMap<String, String>,
    /// By patterns with stars, the longest first.
    starred: Vec<(Pattern, String)>,
}

impl ValueMap {
    /// Adds an entry. False, and nothing added, if its key is there already.
    pub fn insert(&mut self, key: &str, value: String) -> bool {
        let pattern = Pattern::new(&key.to_ascii_lowercase());
        if pattern.is_whole() {
            let is_new = !self.whole.contains_key(&pattern.text);
            if is_new {
                self.whole.insert(pattern.text, value);
            }
            return is_new;
        }
        if self.starred.iter().any(|(own, _)| *own == pattern) {
            return false;
        }
        let place = self.starred.partition_point(|(own, _)| own.text.len() >= pattern.text.len());
        self.starred.insert(place, (pattern, value));
        true
    }

    /// What stands for a text: by the whole of it, else by the longest pattern that fits.
    pub fn get(&self, text: &str) -> Option<&str> {
        let whole = if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.whole.get(&text.to_ascii_lowercase())
        } else {
            self.whole.get(text)
        };
        let starred = || self.starred.iter().find(|(pattern, _)| pattern.matches(text)).map(|(_, value)| value);
        whole.or_else(starred).map(String::as_str)
    }

    /// Everything that may come out.
    pub fn targets(&self) -> Vec<&str> {
        self.whole.values().chain(self.starred.iter().map(|(_, value)| value)).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_any_case_and_by_the_longest_pattern() {
        let mut map = ValueMap::default();
        for (key, value) in [("Constituent Call", "voice"), ("w*", "w"), ("whatsapp:*", "whatsapp"), ("WX", "x")] {
            assert!(map.insert(key, value.to_owned()), "{key}");
        }
        assert!(!map.insert("constituent call", String::new()));
        assert!(!map.insert("WhatsApp:*", String::new()));
        for (text, value) in [
            ("Constituent Call", Some("voice")),
            ("CONSTITUENT CALL", Some("voice")),
            ("whatsapp:+49", Some("whatsapp")),
            ("WhatsApp:", Some("whatsapp")),
            ("Wednesday", Some("w")),
            ("wx", Some("x")),
            ("Constituent Calls", None),
            ("", None),
        ] {
            assert_eq!(map.get(text), value, "{text}");
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        let cases: [(&str, &[&str], &[&str]); 7] = [
            ("false", &["FALSE", "False"], &["falsey", "", "false "]),
            ("agent:*", &["Agent:1", "agent:"], &["agent", "an agent:1"]),
            ("*@example.com", &["a@EXAMPLE.com", "@example.com"], &["example.com", "a@example.com.org"]),
            ("*bot*", &["bot", "zd:answerBot", "bots"], &["bo", "b ot"]),
            ("*", &["x", "ü"], &[]),
            ("**", &["x", ""], &[]),
            ("ü*", &["über"], &["u", "Über"]),
        ];
        for (pattern, fitting, others) in cases {
            for text in fitting {
                assert!(Pattern::new(pattern).matches(text), "{pattern} {text}");
            }
            for text in others {
                assert!(!Pattern::new(pattern).matches(text), "{pattern} {text}");
            }
        }
    }
}
