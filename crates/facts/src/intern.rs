//! Texts that repeat, as small numbers.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, DictionaryArray, StringArray};
use arrow::datatypes::Int32Type;

/// The number of "no text".
pub(crate) const NONE: u32 = 0;

/// Numbers for the texts of one column, in order of first sight. 0 is null.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u32>,
}

impl Interner {
    /// The number of a text, new or known.
    pub(crate) fn id(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        let id = self.texts.len() as u32;
        self.ids.insert(text, id);
        id
    }

    /// The number of a text or of null.
    pub(crate) fn id_of(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NONE, |t| self.id(t))
    }

    /// The text of a number; `None` for 0.
    pub(crate) fn text(&self, id: u32) -> Option<&str> {
        (id as usize).checked_sub(1).and_then(|at| self.texts.get(at)).map(|t| &**t)
    }

    /// Every text, as the values of a dictionary column: that of number 1 first.
    pub(crate) fn values(&self) -> Arc<StringArray> {
        Arc::new(self.texts.iter().map(|text| Some(&**text)).collect())
    }

    /// The numbers of a dictionary column's rows.
    pub(crate) fn ids_of(&mut self, column: &DictionaryArray<Int32Type>, out: &mut Vec<u32>) {
        out.clear();
        let texts = column.values().as_any().downcast_ref::<StringArray>();
        let map: Vec<u32> = texts.map_or_else(Vec::new, |texts| texts.iter().map(|text| self.id_of(text)).collect());
        let keys = column.keys();
        match keys.nulls() {
            None => out.extend(keys.values().iter().map(|&k| map[k as usize])),
            Some(nulls) => out.extend(
                keys.values().iter().zip(nulls.iter()).map(|(&k, valid)| if valid { map[k as usize] } else { NONE }),
            ),
        }
    }
}
