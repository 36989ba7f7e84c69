//! `tape baseline save` and `backfill`.

use std::cell::Cell;

use tapemeasure_query::baselines::{self, Baselines, Length, Plan, STEPS, Saved, Window, day_start, rolling};
use tapemeasure_query::{Engine, Hours};
use tapemeasure_report::quantity::count;

use crate::args::{Global, Held, Reading, Span};
use crate::commands::{note, print};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::times::Clock;
use crate::watch::{self, Bar};
use crate::words;

/// The windows of a backfill, as written.
pub struct Rolling<'a> {
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub every: &'a str,
    pub window: &'a str,
}

/// Saves one period.
pub async fn save(
    global: &Global,
    name: &str,
    (period, span): (Option<&str>, &Span),
    held: &Held,
    reading: &Reading,
) -> Result<Done, Failure> {
    let hours = words::hours(&held.hours)?;
    let opened = Opened::new(global, reading).await?;
    let (start_us, end_us) = match period {
        Some(text) => {
            let clock = Clock::new(opened.zone, &opened.settings, opened.now_us());
            match clock.stretch("--period", text)? {
                (start_us, Some(end_us)) => (start_us, end_us),
                (_, None) => {
                    let line =
                        format!("--period {text:?} names no end; write a month, a day, ..., or --since and --until");
                    return Err(Failure::usage(line));
                }
            }
        }
        None => match opened.span(span)? {
            (Some(start_us), end_us) => (start_us, end_us.unwrap_or(opened.now_us().saturating_add(1))),
            (None, _) => return Err(Failure::usage("say which period: --period 2025-03, or --since and --until")),
        },
    };
    if start_us >= end_us {
        return Err(Failure::usage("the period ends before it begins; give an end after the start"));
    }
    if end_us > opened.now_us().saturating_add(1) {
        note("the period is not over at the as-of time; save it again when it is, its numbers will have changed");
    }
    let saved = run(global, &opened, name, (held, hours), vec![Window { start_us, end_us }]).await?;
    let what = match saved {
        Saved { new: 1, .. } => "saved",
        Saved { recomputed: 1, .. } => "saved again, with other numbers or settings:",
        _ => "there already, and still right:",
    };
    let window = Window { start_us, end_us }.text(&opened.zone);
    print(&format!("{what} baseline {name} of {window}\n"))?;
    Ok(Done::Well)
}

/// Saves every window of a history.
pub async fn backfill(
    global: &Global,
    name: &str,
    written: Rolling<'_>,
    held: &Held,
    reading: &Reading,
) -> Result<Done, Failure> {
    let hours = words::hours(&held.hours)?;
    let every = words::grain("--every", written.every, STEPS)?;
    let length = Length::parse(written.window).ok_or_else(|| {
        Failure::usage(format!("--window {:?} is no length; write one such as 8w, 30d, 3mo or 1y", written.window))
    })?;
    let opened = Opened::new(global, reading).await?;
    let clock = Clock::new(opened.zone, &opened.settings, opened.now_us());
    let Some(first_us) = opened.snapshot.first_us() else {
        note("there are no events; nothing is saved");
        return Ok(Done::Well);
    };
    let to_us = match written.to {
        Some(text) => clock.instant("--to", text)?,
        None => opened.now_us().saturating_add(1),
    };
    let from_us = match written.from {
        Some(text) => clock.instant("--from", text)?,
        None => first_us,
    };
    let mut windows = rolling(&opened.zone, opened.settings.week_start, every, length, (from_us, to_us));
    if written.from.is_none() {
        // The first day of an archive counts as a whole one.
        let first_day_us = day_start(&opened.zone, first_us);
        windows.retain(|window| window.start_us >= first_day_us);
    }
    if windows.is_empty() {
        note("no window ends in that time; give an earlier --from, or a shorter --window");
        return Ok(Done::Well);
    }
    let saved = run(global, &opened, name, (held, hours), windows).await?;
    print(&format!(
        "{} windows: {} there already, {} recomputed, {} new\n",
        count(saved.windows as u64),
        count(saved.already as u64),
        count(saved.recomputed as u64),
        count(saved.new as u64)
    ))?;
    Ok(Done::Well)
}

/// Saves windows, with a bar on a terminal. What is done when the user stops it stays done.
async fn run(
    global: &Global,
    opened: &Opened,
    name: &str,
    (held, hours): (&Held, Hours),
    windows: Vec<Window>,
) -> Result<Saved, Failure> {
    let (engine, inputs) = opened.engine_and_inputs(global).await?;
    let plan = Plan {
        name: name.to_owned(),
        kpis: kpis(held, &engine)?,
        by: by(held),
        hours,
        windows,
        threads: global.threads(),
    };
    let total = plan.windows.len();
    let bar = Bar::new();
    if total > 1 {
        bar.begin(Some(total as u64), "{msg:<28} {wide_bar} {human_pos}/{human_len} windows {eta} left");
        bar.say("working out baselines");
    }
    let done = Cell::new(0);
    let advanced = |windows: usize| {
        done.set(done.get() + windows);
        bar.advance(windows as u64);
    };
    let baselines = Baselines::new(&opened.archive);
    let saved = tokio::select! {
        saved = baselines::save(&engine, &baselines, &inputs, &plan, &advanced) => saved?,
        () = watch::until_interrupted() => {
            bar.finish();
            note(&format!("{} of {total} windows are saved; run the same command again to go on", done.get()));
            return Err(Failure::Interrupted);
        }
    };
    bar.finish();
    Ok(saved)
}

/// The KPIs that are named, each once; all if none is.
fn kpis(held: &Held, engine: &Engine) -> Result<Vec<String>, Failure> {
    let definitions = engine.definitions();
    if held.kpi.is_empty() {
        return Ok(definitions.names().map(str::to_owned).collect());
    }
    let mut names: Vec<String> = Vec::with_capacity(held.kpi.len());
    for name in held.kpi.iter().map(|name| name.trim()) {
        definitions.get(name)?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn by(held: &Held) -> Option<Vec<String>> {
    let by = held.by.as_ref()?;
    Some(by.split(',').map(str::trim).filter(|d| !d.is_empty()).map(str::to_owned).collect())
}
