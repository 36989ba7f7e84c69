//! A delivery of Messenger's and Instagram's webhooks as Meta writes it. Absent and null are the same in every field.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::adapter::lenient::Lenient;
use crate::formats::adapter::scalar::Scalar;

/// A delivery.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Delivery<'a> {
    /// `page` for Messenger, `instagram`.
    #[serde(borrow, default)]
    pub object: Scalar<'a>,
    /// What happened, page by page.
    #[serde(borrow, default)]
    pub entry: Option<Vec<Entry<'a>>>,
}

/// What happened on one page.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Entry<'a> {
    /// The page, or the professional account on Instagram.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// In chats that are the receiving app's.
    #[serde(borrow, default)]
    pub messaging: Option<Vec<Lenient<Item<'a>>>>,
    /// In chats that another app has just now.
    #[serde(borrow, default)]
    pub standby: Option<Vec<Lenient<Item<'a>>>>,
    /// Outside of chats: posts, comments.
    #[serde(default)]
    pub changes: Option<Vec<IgnoredAny>>,
}

/// One thing that happened in a chat: the field that is there says which.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Item<'a> {
    /// Who did it.
    #[serde(borrow, default)]
    pub sender: Lenient<Party<'a>>,
    /// To whom.
    #[serde(borrow, default)]
    pub recipient: Lenient<Party<'a>>,
    /// Milliseconds since 1970.
    #[serde(borrow, default)]
    pub timestamp: Scalar<'a>,
    /// A message, either way.
    #[serde(borrow, default)]
    pub message: Option<Message<'a>>,
    /// A button that the customer tapped.
    #[serde(borrow, default)]
    pub postback: Option<Postback<'a>>,
    /// A choice about messages.
    #[serde(borrow, default)]
    pub optin: Option<Optin<'a>>,
    /// The chat was given to another app.
    #[serde(default)]
    pub pass_thread_control: Option<IgnoredAny>,
    /// Another app took the chat.
    #[serde(default)]
    pub take_thread_control: Option<IgnoredAny>,
}

/// A page or a customer.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Party<'a> {
    /// Its id; a customer's is only known to the page (PSID, IGSID). None of a visitor who did not log in.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
}

/// A message.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Message<'a> {
    /// Identity.
    #[serde(borrow, default)]
    pub mid: Scalar<'a>,
    /// Text; none where it is only an attachment.
    #[serde(borrow, default)]
    pub text: Scalar<'a>,
    /// Whether the page sent it.
    #[serde(borrow, default)]
    pub is_echo: Scalar<'a>,
    /// Whether it was taken back (Instagram).
    #[serde(borrow, default)]
    pub is_deleted: Scalar<'a>,
    /// The app that sent an echo; none where it was written on the page itself.
    #[serde(borrow, default)]
    pub app_id: Scalar<'a>,
}

/// A button that the customer tapped.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Postback<'a> {
    /// Identity; absent in old versions of the interface.
    #[serde(borrow, default)]
    pub mid: Scalar<'a>,
    /// What stands on the button.
    #[serde(borrow, default)]
    pub title: Scalar<'a>,
}

/// A choice about messages.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Optin<'a> {
    /// `STOP_NOTIFICATIONS`, `RESUME_NOTIFICATIONS`; also written with a space.
    #[serde(borrow, default)]
    pub notification_messages_status: Scalar<'a>,
}
