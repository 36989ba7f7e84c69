//! The decoder of `chatwoot_tables`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tapemeasure_fuzz::check("chatwoot_tables", bytes));
