//! Renders the INSERT of many records that are bound as one JSON array.
//!
//! Each bound value costs two packets of MySQL's protocol, and the driver does not send several rows at once: an array
//! in one value, which JSON_TABLE takes apart, is one statement and one packet for all of them.

/// A table of people's rows that an import adds to.
pub struct Table {
    pub name: &'static str,
    /// The columns after `user_id`.
    pub columns: &'static [Column],
}

/// A column, and the member of a JSON record that fills it.
pub struct Column {
    name: &'static str,
    member: &'static str,
    kind: Kind,
}

/// A column that is filled by the member of the same name.
pub const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, member: name, kind }
}

impl Column {
    /// The same column, filled by another member.
    pub const fn from(self, member: &'static str) -> Self {
        Self { member, ..self }
    }
}

/// What a member holds, and so how SQL reads it.
pub enum Kind {
    /// A UUID with hyphens; the column has its 16 bytes.
    Id,
    Date,
    Time,
    /// An instant in UTC, as RFC 3339 writes it with a `Z`.
    Instant,
    Number,
    /// At most so many characters.
    Text(u16),
}

impl Column {
    /// As a column of JSON_TABLE.
    fn definition(&self) -> String {
        let Self { name, member, kind } = self;
        let kind = match kind {
            Kind::Id => "CHAR(36)".to_owned(),
            Kind::Date => "DATE".to_owned(),
            Kind::Time => "TIME".to_owned(),
            Kind::Instant => "VARCHAR(30)".to_owned(),
            Kind::Number => "INT UNSIGNED".to_owned(),
            Kind::Text(length) => format!("VARCHAR({length}) CHARACTER SET utf8mb4"),
        };
        format!("{name} {kind} PATH '$.{member}'")
    }

    /// The value to store, from the row `new`.
    fn value(&self) -> String {
        let name = self.name;
        match self.kind {
            Kind::Id => format!("UNHEX(REPLACE(new.{name}, '-', ''))"),
            Kind::Instant => format!("REPLACE(new.{name}, 'Z', '')"),
            _ => format!("new.{name}"),
        }
    }
}

impl Table {
    /// Adds the records of an array. To bind: the person's id, the array.
    pub fn insert(&self) -> String {
        let Self { name, columns } = self;
        let list = |render: fn(&Column) -> String| columns.iter().map(render).collect::<Vec<_>>().join(", ");
        format!(
            "INSERT INTO {name} (user_id, {names}) SELECT ?, {values} FROM JSON_TABLE(?, '$[*]' COLUMNS ({definitions})) AS new",
            names = list(|column| column.name.to_owned()),
            values = list(Column::value),
            definitions = list(Column::definition),
        )
    }
}
