//! Zendesk's `via`: how a ticket, a comment or a change came about.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use crate::formats::adapter::lenient::ObjectOrName;
use crate::formats::adapter::scalar::Scalar;

/// How something came about. The interface writes an object with a name, `{"channel": "email", "source": {}}`, or with
/// the name's number, `{"channel": 4}`; the incremental event export writes the title by itself, `"Web form"`. Anything
/// else is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Via<'a> {
    channel: Scalar<'a>,
    rel: Scalar<'a>,
}

/// What a name of [`Via`] says of the customer's channel.
enum Medium {
    /// The channel is this one.
    Known(&'static str),
    /// It is a channel, of that name.
    Own,
    /// It is none.
    None,
}

impl Via<'_> {
    /// Whether anything is said.
    pub fn is_given(&self) -> bool {
        self.channel.as_str().is_some()
    }

    /// The customer's channel; `None` if there is none in it (a rule, a merge).
    pub fn channel(&self) -> Option<Cow<'_, str>> {
        let name = self.name()?;
        match medium(&name, self.rel.as_str()) {
            Medium::Known(channel) => Some(Cow::Borrowed(channel)),
            Medium::Own => Some(name),
            Medium::None => None,
        }
    }

    /// Whether no person did it: a trigger, an automation, the system, a merge (its texts are Zendesk's).
    pub fn is_automatic(&self) -> bool {
        let by_name = self
            .name()
            .is_some_and(|name| matches!(&*name, "rule" | "8" | "rule_revision" | "system" | "merge" | "19"));
        by_name || matches!(self.rel.as_str(), Some("trigger" | "automation" | "merge"))
    }

    /// Whether Zendesk's own bot did it.
    pub fn is_bot(&self) -> bool {
        let is_bot =
            |name: &str| name.starts_with("answer_bot") || matches!(name, "automatic_solution_suggestions" | "22");
        self.name().is_some_and(|name| is_bot(&name))
    }

    /// The name as the interface writes it: lower case, underscores.
    fn name(&self) -> Option<Cow<'_, str>> {
        let name = self.channel.as_str()?;
        let is_title = name.bytes().any(|byte| byte == b' ' || byte.is_ascii_uppercase());
        Some(if is_title { Cow::Owned(name.to_lowercase().replace(' ', "_")) } else { Cow::Borrowed(name) })
    }
}

/// Names and numbers: <https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types/>.
fn medium(name: &str, rel: Option<&str>) -> Medium {
    Medium::Known(match name {
        "email" | "mail" | "4" | "mailgun" | "connect_mail" | "recovered_from_suspended_tickets" | "21" => "email",
        "web" | "web_form" | "0" | "dropbox" | "17" | "batch" | "20" | "closed_ticket" | "27" => "web",
        "web_widget" | "48" | "helpcenter" | "help_center" | "50" => "web",
        "chat" | "29" | "chat_offline_message" | "chat_transcript" | "messaging" | "native_messaging" => "web_chat",
        "facebook" if rel == Some("message") => "messenger",
        "messenger" | "facebook_message" | "41" | "sunshine_conversations_facebook_messenger" => "messenger",
        "facebook_post" | "38" => "facebook",
        "instagram_dm" => "instagram",
        "twitter" | "30" | "twitter_dm" | "26" | "twitter_favorite" | "23" => "twitter",
        "sunshine_conversations_twitter_dm" => "twitter",
        "74" => "whatsapp",
        "72" => "line",
        "73" => "wechat",
        "sms" | "57" | "text_message" | "37" | "connect_sms" | "twilio_sms" | "messagebird_sms" => "sms",
        "voice" | "phone" | "voicemail" | "33" | "phone_call_inbound" | "34" | "phone_call_outbound" | "35" => "voice",
        "api_voicemail" | "44" | "api_phone_call_inbound" | "45" | "api_phone_call_outbound" | "46" => "voice",
        "api" | "web_service" | "5" | "sunshine_conversations_api" => "api",
        "slack" | "business_messaging_slack_connect" | "answer_bot_for_slack" => "slack",
        "49" => "mobile_sdk",
        "56" => "mobile",
        "rule" | "8" | "rule_revision" | "system" | "merge" | "19" | "user_merge" | "25" | "linked_problem" | "9" => {
            return Medium::None;
        }
        "group_deletion" | "10" | "user_change" | "11" | "user_deletion" | "12" | "group_change" | "13" => {
            return Medium::None;
        }
        "resource_push" | "14" | "macro_reference" | "32" | "monitor_event" | "churned_account" | "ticket_tagging" => {
            return Medium::None;
        }
        "satisfaction_prediction" | "54" | "admin_setting" | "side_conversation" => return Medium::None,
        "automatic_solution_suggestions" | "22" => return Medium::None,
        name if name.starts_with("answer_bot") => return Medium::None,
        _ => return Medium::Own,
    })
}

/// The object.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    channel: Scalar<'a>,
    #[serde(borrow, deserialize_with = "super::record::object")]
    source: Option<Source<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    rel: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Via<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match ObjectOrName::<Named<'a>>::deserialize(deserializer)? {
            ObjectOrName::Object(named) => {
                Via { channel: named.channel, rel: named.source.map_or_else(Scalar::default, |source| source.rel) }
            }
            ObjectOrName::Name(channel) => Via { channel, rel: Scalar::default() },
            ObjectOrName::Neither => Via::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(json: &str) -> Via<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_way_to_write_a_channel_is_understood() {
        let cases = [
            (r#"{"channel":"email","source":{"from":{},"to":{},"rel":null}}"#, Some("email")),
            (r#"{"channel":4}"#, Some("email")),
            (r#"{"channel":"web","source":null}"#, Some("web")),
            (r#""Web form""#, Some("web")),
            (r#""Mail""#, Some("email")),
            (r#"{"channel":"facebook","source":{"rel":"message"}}"#, Some("messenger")),
            (r#"{"channel":"facebook","source":{"rel":"post"}}"#, Some("facebook")),
            (r#"{"channel":"native_messaging"}"#, Some("web_chat")),
            (r#"{"channel":"whatsapp"}"#, Some("whatsapp")),
            (r#"{"channel":74}"#, Some("whatsapp")),
            (r#"{"channel":"any_channel"}"#, Some("any_channel")),
            (r#"{"channel":"rule","source":{"rel":"trigger"}}"#, None),
            (r#"{"channel":"answer_bot_for_web_widget"}"#, None),
            (r#"{"channel":null}"#, None),
            (r#"{"channel":"web","source":"form"}"#, Some("web")),
            (r#"{"channel":"web","source":["form"]}"#, Some("web")),
            ("null", None),
            ("[1]", None),
            ("true", None),
        ];
        for (json, channel) in cases {
            assert_eq!(via(json).channel().as_deref(), channel, "{json}");
        }
    }

    #[test]
    fn rules_merges_and_bots_are_told() {
        for json in [r#"{"channel":"rule"}"#, r#"{"channel":8}"#, r#""Rule""#, r#"{"channel":"system"}"#] {
            assert!(via(json).is_automatic(), "{json}");
        }
        assert!(via(r#"{"channel":"web","source":{"rel":"merge"}}"#).is_automatic());
        assert!(!via(r#"{"channel":"web","source":{"rel":"follow_up"}}"#).is_automatic());
        assert!(via(r#"{"channel":"answer_bot"}"#).is_bot() && !via(r#"{"channel":"chat"}"#).is_bot());
    }
}
