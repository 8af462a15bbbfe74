//! The sheet that people open: a row for each date, a column for each food, and in each cell what the date was, in a word.

use std::iter::once;

use chrono::NaiveDate;
use common::{
    Language, Result,
    diary::{
        history::Histories,
        streak::{History, Status},
    },
};

use crate::{archive::Food, csv::Cell, writer::Writer};

/// Writes the sheet, from the first start of a food to today. A food's cell is empty before its start, and after it was
/// archived.
pub async fn write(
    foods: &[Food],
    histories: &Histories,
    today: NaiveDate,
    language: Language,
    writer: &mut Writer,
) -> Result<()> {
    let title = match language {
        Language::Korean => "날짜",
        Language::English => "date",
    };
    writer.mark();
    writer.row(once(Cell::of(title)).chain(foods.iter().map(|food| Cell::of(&food.name))).collect()).await?;
    let nothing = History::default();
    let first = foods.iter().map(|food| food.start_date.0).min();
    let dates = first.into_iter().flat_map(|first| first.iter_days().take_while(|date| *date <= today));
    for date in dates {
        let cell = |food: &Food| {
            let as_of = food.archived_on.map_or(today, |archived_on| archived_on.0.min(today));
            if date < food.start_date.0 || date > as_of {
                return Cell::default();
            }
            let history = histories.get(&food.id).unwrap_or(&nothing);
            Cell::of(word(history.status(date, food.counting, date < as_of), language))
        };
        writer.row(once(Cell::of(date)).chain(foods.iter().map(cell)).collect()).await?;
    }
    Ok(writer.end().await?)
}

fn word(status: Status, language: Language) -> &'static str {
    let (korean, english) = match status {
        Status::Kept => ("지킴", "kept"),
        Status::Slipped => ("먹음", "slipped"),
        Status::Skipped => ("쉬어감", "day off"),
        Status::Open => ("기록 전", "not yet"),
        Status::Missing => ("기록 없음", "nothing recorded"),
    };
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}
