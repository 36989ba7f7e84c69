//! Messages that are only an opt-out or opt-in keyword (kpi-rules M4).

use std::collections::HashMap;

/// What a keyword asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
}

/// Words that mean stop in the language of their code (ISO 639-1). Only words that a customer does not write as a whole
/// message for anything else.
const STOP: &[(&str, &[&str])] = &[
    ("en", &["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "OPTOUT", "OPT OUT", "OPT-OUT"]),
    ("de", &["STOPP", "ABMELDEN", "ABBESTELLEN"]),
    ("es", &["BAJA", "CANCELAR SUSCRIPCIÓN", "DARME DE BAJA"]),
    ("fr", &["ARRET", "ARRÊT", "DÉSABONNER", "DESABONNER"]),
    ("it", &["DISISCRIVI", "CANCELLAMI"]),
    ("nl", &["AFMELDEN", "UITSCHRIJVEN"]),
    ("pt", &["DESCADASTRAR", "CANCELAR INSCRIÇÃO"]),
];

/// Words that mean start again.
const START: &[(&str, &[&str])] = &[
    ("en", &["START", "UNSTOP", "SUBSCRIBE", "OPTIN", "OPT IN", "OPT-IN"]),
    ("de", &["ANMELDEN"]),
    ("es", &["ALTA"]),
    ("fr", &["REPRENDRE"]),
    ("nl", &["AANMELDEN"]),
    ("pt", &["ASSINAR"]),
];

/// What Twilio itself takes for stop and start on a number or messaging service, whatever is set up
/// (<https://help.twilio.com/articles/223134027>).
const CARRIER_STOP: &[&str] = &["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
const CARRIER_START: &[&str] = &["START", "YES", "UNSTOP"];

/// Keywords of every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keywords {
    words: HashMap<String, Keyword>,
    /// Characters of the longest one: longer texts are not looked at.
    longest: usize,
}

impl Default for Keywords {
    fn default() -> Self {
        let mut keywords = Self { words: HashMap::new(), longest: 0 };
        for (lists, keyword) in [(STOP, Keyword::Stop), (START, Keyword::Start)] {
            keywords.extend(lists.iter().flat_map(|(_, words)| words.iter()), keyword);
        }
        keywords
    }
}

impl Keywords {
    /// Adds words of the user, or of a platform. A word that was there with another meaning takes the new one.
    pub fn extend(&mut self, words: impl IntoIterator<Item = impl AsRef<str>>, keyword: Keyword) {
        for word in words {
            let word = folded(word.as_ref());
            if !word.is_empty() {
                self.longest = self.longest.max(word.chars().count());
                self.words.insert(word, keyword);
            }
        }
    }

    /// These and the words that carriers act on by themselves.
    #[must_use]
    pub fn with_carriers(mut self) -> Self {
        self.extend(CARRIER_STOP, Keyword::Stop);
        self.extend(CARRIER_START, Keyword::Start);
        self
    }

    /// The keyword that a text is: the whole of it without spaces around, in any case. `None` for any other text.
    pub fn find(&self, text: &str) -> Option<Keyword> {
        let text = text.trim();
        // No character becomes less than one by folding, so that nearly every text is told by its length.
        if text.is_empty() || (text.len() > self.longest && text.chars().count() > self.longest) {
            return None;
        }
        self.words.get(&folded(text)).copied()
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_text_is_a_keyword() {
        let keywords = Keywords::default();
        for text in ["STOP", " stop\n", "Stop", "Arrêt", "ABMELDEN", "opt-out"] {
            assert_eq!(keywords.find(text), Some(Keyword::Stop), "{text}");
        }
        for text in ["start", "UNSTOP", "Alta"] {
            assert_eq!(keywords.find(text), Some(Keyword::Start), "{text}");
        }
        for text in ["", " ", "stop it", "STOP.", "please stop", "yes", "cancel", "end"] {
            assert_eq!(keywords.find(text), None, "{text}");
        }
    }

    #[test]
    fn carriers_and_users_add_words() {
        let mut keywords = Keywords::default().with_carriers();
        for text in ["Cancel", "END", "quit", "revoke"] {
            assert_eq!(keywords.find(text), Some(Keyword::Stop), "{text}");
        }
        assert_eq!(keywords.find("yes"), Some(Keyword::Start));
        assert_eq!(keywords.find("rezygnuję"), None);
        keywords.extend(["Rezygnuję"], Keyword::Stop);
        assert_eq!(keywords.find(" REZYGNUJĘ "), Some(Keyword::Stop));
    }
}
