//! Lists of people that the user gives: agents, bots, by address, domain, id or handle.

use std::collections::HashSet;

/// Names of people. Upper and lower case are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    names: HashSet<String>,
}

impl Names {
    /// A list of what the user gave, an entry each; spaces around an entry and empty entries mean nothing.
    pub fn new(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names = entries.into_iter().map(|entry| entry.as_ref().trim().to_lowercase());
        Self { names: names.filter(|name| !name.is_empty()).collect() }
    }

    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether this id, number or handle is named; a leading `@` or `+` makes no difference.
    pub fn contains(&self, name: &str) -> bool {
        let name = name.trim().to_lowercase();
        let bare = name.trim_start_matches(['@', '+']);
        [name.as_str(), bare].iter().any(|form| self.names.contains(*form))
            || self.names.contains(&format!("@{bare}"))
            || self.names.contains(&format!("+{bare}"))
    }

    /// Whether a mail address, or its domain (`example.com` or `@example.com`), is named.
    pub fn contains_address(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        self.names.contains(&address)
            || domain.is_some_and(|domain| self.names.contains(domain) || self.names.contains(&format!("@{domain}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_in_any_way() {
        let names = Names::new(["Support@Example.com", " example.org", "@example.net", "AppleSupport", "+4930", ""]);
        for address in ["support@example.COM", "a@example.org", "b@EXAMPLE.net"] {
            assert!(names.contains_address(address), "{address}");
        }
        for address in ["sales@example.com", "a@mail.example.org", "example.org", ""] {
            assert_eq!(names.contains_address(address), address == "example.org", "{address}");
        }
        assert!(names.contains("@applesupport") && names.contains("4930") && names.contains("+4930"));
        assert!(!names.contains("49301") && !names.contains(""));
        assert!(Names::new([" "]).is_empty());
    }
}
