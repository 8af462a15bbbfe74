//! Some people, as a condition of SQL.

use std::fmt::{self, Display, Formatter};

use uuid::Uuid;

/// Some people. Displayed, it is the condition that `user_id` is one of theirs.
///
/// Ids are written into the statement instead of joined to: an UPDATE of one table writes each row where it finds it,
/// and MariaDB reads no more of an index than a range of constant ends covers.
pub struct People {
    first: Uuid,
    last: Uuid,
    which: Which,
}

/// Which of the people from `first` to `last`.
enum Which {
    All,
    Only(Vec<Uuid>),
    AllBut(Vec<Uuid>),
}

impl People {
    /// The people with these `ids`, who are among those `scanned`, both sorted. The condition is the shortest that
    /// tells them from everybody else scanned: MariaDB checks a range much faster than a long list.
    pub fn among(ids: Vec<Uuid>, scanned: &[Uuid]) -> Self {
        let mut people = Self::listed(ids);
        let Which::Only(ids) = &people.which else { return people };
        let is_between = |id: &&Uuid| (people.first..=people.last).contains(*id);
        let others: Vec<Uuid> =
            scanned.iter().filter(is_between).filter(|id| ids.binary_search(id).is_err()).copied().collect();
        if others.is_empty() {
            people.which = Which::All;
        } else if others.len() < ids.len() {
            people.which = Which::AllBut(others);
        }
        people
    }

    /// The people with these sorted `ids`.
    pub fn listed(ids: Vec<Uuid>) -> Self {
        let end = |id: Option<&Uuid>| id.copied().unwrap_or_default();
        Self { first: end(ids.first()), last: end(ids.last()), which: Which::Only(ids) }
    }
}

impl Display for People {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        // Beside a list too, since the server knows little of a table that has just grown, and would read all of it.
        write!(f, "user_id BETWEEN 0x{} AND 0x{}", self.first.simple(), self.last.simple())?;
        match &self.which {
            Which::All => Ok(()),
            Which::Only(ids) => write!(f, " AND user_id IN ({})", List(ids)),
            Which::AllBut(ids) => write!(f, " AND user_id NOT IN ({})", List(ids)),
        }
    }
}

struct List<'a>(&'a [Uuid]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        for (index, id) in self.0.iter().enumerate() {
            write!(f, "{}0x{}", if index == 0 { "" } else { "," }, id.simple())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(ids: &[u128], scanned: &[u128]) -> String {
        let ids_of = |ids: &[u128]| ids.iter().copied().map(Uuid::from_u128).collect::<Vec<_>>();
        // Each of the ids here is one digit.
        People::among(ids_of(ids), &ids_of(scanned)).to_string().replace(&format!("0x{}", "0".repeat(31)), "")
    }

    #[test]
    fn people_next_to_each_other_are_a_range() {
        assert_eq!(condition(&[2, 3, 4], &[1, 2, 3, 4, 5]), "user_id BETWEEN 2 AND 4");
    }

    #[test]
    fn the_shorter_list_tells_people_from_those_between_them() {
        assert_eq!(condition(&[1, 2, 4], &[1, 2, 3, 4]), "user_id BETWEEN 1 AND 4 AND user_id NOT IN (3)");
        assert_eq!(condition(&[1, 4], &[1, 2, 3, 4]), "user_id BETWEEN 1 AND 4 AND user_id IN (1,4)");
    }
}
