//! The line editor: keys, prompt, completion, history.

use std::borrow::Cow;
use std::path::Path;

use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, DefaultHinter, EditCommand, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Prompt,
    PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus, Reedline, ReedlineEvent, ReedlineMenu,
    default_emacs_keybindings,
};

use super::complete::Words;
use super::highlight::{Painter, Typed};
use super::paths;
use super::validate::Finished;
use super::vocabulary::Known;

/// Statements that the shell remembers.
const HISTORY_STATEMENTS: usize = 10_000;

/// Letters from which on an earlier statement that begins with them is shown behind the cursor.
const HINT_LETTERS: usize = 3;

const MENU: &str = "words";

/// What stands between the prompt and what is typed.
const INDICATOR: &str = "> ";

/// An editor that knows these words.
pub fn editor(known: &Known) -> Reedline {
    let typed = Typed::default();
    let menu = ColumnarMenu::default()
        .with_name(MENU)
        // Stands in the place of the prompt's indicator while the menu is open.
        .with_marker(INDICATOR)
        .with_text_style(Style::new())
        .with_match_text_style(Style::new().bold())
        .with_description_text_style(Color::DarkGray.normal());
    let editor = Reedline::create()
        .with_ansi_colors(has_colours())
        .with_validator(Box::new(Finished))
        .with_highlighter(Box::new(Painter { known: known.clone(), typed: Typed::clone(&typed) }))
        .with_completer(Box::new(Words { known: known.clone(), typed }))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_hinter(Box::new(
            DefaultHinter::default().with_style(Color::DarkGray.normal()).with_min_chars(HINT_LETTERS),
        ))
        .with_edit_mode(Box::new(Emacs::new(keys())))
        // A pasted text stays in the editor until Enter, whatever semicolons are in it.
        .use_bracketed_paste(true);
    match history() {
        Some(history) => editor.with_history(Box::new(history)),
        // Without a place for a history the shell works as well.
        None => editor,
    }
}

/// Emacs's keys, with Tab for the menu and Alt-Enter for a line break.
fn keys() -> reedline::Keybindings {
    let mut keys = default_emacs_keybindings();
    let menu = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(menu));
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, ReedlineEvent::Edit(vec![EditCommand::InsertNewline]));
    keys
}

fn history() -> Option<FileBackedHistory> {
    let path = paths::history()?;
    std::fs::create_dir_all(path.parent()?).ok()?;
    make_private(&path)?;
    FileBackedHistory::with_file(HISTORY_STATEMENTS, path).ok()
}

/// Makes the file for its owner alone: queries name customers.
fn make_private(path: &Path) -> Option<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).ok()
}

/// Whether the terminal is to be coloured: <https://no-color.org>.
fn has_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// `tape> `, and `    > ` where a statement goes on.
pub struct Line;

impl Prompt for Line {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("tape")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(INDICATOR)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("    > ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let found = match search.status {
            PromptHistorySearchStatus::Passing => "search",
            PromptHistorySearchStatus::Failing => "not found",
        };
        Cow::Owned(format!(" {found} {}: ", search.term))
    }
}
