//! The allocator, and how it treats memory that was given back.

use libmimalloc_sys::{mi_option_large_os_pages, mi_option_set, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` (mimalloc.h, version 3).
const PURGE_DELAY: mi_option_t = 15;

/// Keeps memory that was given back, in large pages where the system has them. Queries take and give back hundreds of
/// megabytes many times over, and two fifths of their time went into clearing the same pages again.
#[expect(unsafe_code, reason = "the options can be set in no other way; no thread but this one runs yet")]
pub fn keep_memory() {
    unsafe {
        mi_option_set(PURGE_DELAY, -1);
        mi_option_set(mi_option_large_os_pages, 1);
    }
}
