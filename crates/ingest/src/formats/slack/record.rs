//! Messages, users and channels of a Slack export, as they are written.

use serde::Deserialize;

use crate::formats::adapter::scalar::Scalar;

/// A record of any file of an export.
#[derive(Debug)]
pub enum Record<'a> {
    /// Of a day of a channel.
    Message(Box<Message<'a>>),
    /// Of `users.json`.
    User(Box<User<'a>>),
    /// Of `channels.json`, `groups.json`, `mpims.json`, `dms.json`.
    Channel(Channel<'a>),
    /// Of a file that says nothing of messages or people.
    Other,
}

/// A message, or a note of Slack's among the messages
/// (<https://docs.slack.dev/reference/events/message>).
#[derive(Debug, Deserialize)]
pub struct Message<'a> {
    /// `message`.
    #[serde(borrow, default, rename = "type")]
    pub kind: Scalar<'a>,
    /// Absent for what a person just wrote.
    #[serde(borrow, default)]
    pub subtype: Scalar<'a>,
    /// Seconds since 1970 and a count: unique in the channel.
    #[serde(borrow, default)]
    pub ts: Scalar<'a>,
    /// `ts` of the message that began the thread; on that one its own.
    #[serde(borrow, default)]
    pub thread_ts: Scalar<'a>,
    /// Of a `message_deleted`: `ts` of the message that is gone.
    #[serde(borrow, default)]
    pub deleted_ts: Scalar<'a>,
    /// Id of the channel, where the export names it.
    #[serde(borrow, default)]
    pub channel: Scalar<'a>,
    /// Who wrote.
    #[serde(borrow, default)]
    pub user: Scalar<'a>,
    /// The app that wrote.
    #[serde(borrow, default)]
    pub bot_id: Scalar<'a>,
    /// The name that the app gave itself.
    #[serde(borrow, default)]
    pub username: Scalar<'a>,
    /// What it says.
    #[serde(borrow, default)]
    pub text: Scalar<'a>,
    /// Team of who wrote.
    #[serde(borrow, default)]
    pub user_team: Scalar<'a>,
    /// Team that the message came from.
    #[serde(borrow, default)]
    pub source_team: Scalar<'a>,
    /// Who began the thread.
    #[serde(borrow, default)]
    pub parent_user_id: Scalar<'a>,
    /// Who wrote, in a few words.
    #[serde(borrow, default)]
    pub user_profile: Option<Profile<'a>>,
    /// Of a reply that was sent to the channel too: the message that began the thread.
    #[serde(borrow, default)]
    pub root: Option<Pointer<'a>>,
    /// Of a `file_comment`: the comment.
    #[serde(borrow, default)]
    pub comment: Option<Pointer<'a>>,
    /// Of a `message_deleted`: the message that is gone.
    #[serde(borrow, default)]
    pub original: Option<Pointer<'a>>,
}

/// A message inside another one.
#[derive(Debug, Deserialize)]
pub struct Pointer<'a> {
    /// Who wrote it.
    #[serde(borrow, default)]
    pub user: Scalar<'a>,
    /// Its thread.
    #[serde(borrow, default)]
    pub thread_ts: Scalar<'a>,
}

/// A person or app (<https://docs.slack.dev/reference/objects/user-object>).
#[derive(Debug, Deserialize)]
pub struct User<'a> {
    /// `U..` or `W..`.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// The workspace that it belongs to.
    #[serde(borrow, default)]
    pub team_id: Scalar<'a>,
    /// Handle.
    #[serde(borrow, default)]
    pub name: Scalar<'a>,
    /// Full name.
    #[serde(borrow, default)]
    pub real_name: Scalar<'a>,
    /// An app.
    #[serde(borrow, default)]
    pub is_bot: Scalar<'a>,
    /// The one owner that a workspace always has.
    #[serde(borrow, default)]
    pub is_primary_owner: Scalar<'a>,
    /// A guest of some channels.
    #[serde(borrow, default)]
    pub is_restricted: Scalar<'a>,
    /// A guest of one channel.
    #[serde(borrow, default)]
    pub is_ultra_restricted: Scalar<'a>,
    /// Names and address.
    #[serde(borrow, default)]
    pub profile: Option<Profile<'a>>,
    /// Place in an organisation of several workspaces.
    #[serde(borrow, default)]
    pub enterprise_user: Option<EnterpriseUser<'a>>,
}

/// Names of a person.
#[derive(Debug, Deserialize)]
pub struct Profile<'a> {
    /// Handle, in messages.
    #[serde(borrow, default)]
    pub name: Scalar<'a>,
    /// Full name.
    #[serde(borrow, default)]
    pub real_name: Scalar<'a>,
    /// Name shown.
    #[serde(borrow, default)]
    pub display_name: Scalar<'a>,
    /// Address.
    #[serde(borrow, default)]
    pub email: Scalar<'a>,
    /// The workspace that the person belongs to.
    #[serde(borrow, default)]
    pub team: Scalar<'a>,
}

/// Place of a person in an organisation of several workspaces.
#[derive(Debug, Deserialize)]
pub struct EnterpriseUser<'a> {
    /// `E..`.
    #[serde(borrow, default)]
    pub enterprise_id: Scalar<'a>,
}

/// A channel, group or direct conversation.
#[derive(Debug, Deserialize)]
pub struct Channel<'a> {
    /// `C..`, `G..`, `D..`.
    #[serde(borrow, default)]
    pub id: Scalar<'a>,
    /// Name of its folder; direct conversations have none, and their id is that of the folder.
    #[serde(borrow, default)]
    pub name: Scalar<'a>,
}
