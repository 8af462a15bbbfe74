//! How our enums are read and kept: as their text. sqlx's own way compares the flags of a column,
//! so that an `ENUM … NOT NULL` of MariaDB can't be read into the enum that was written to it.

use sqlx::{
    Decode, Encode, MySql, Type,
    encode::IsNull,
    error::BoxDynError,
    mysql::{MySqlTypeInfo, MySqlValueRef},
};
use strum::VariantNames;

use crate::{
    diary::{
        reminder::About,
        streak::{Counting, Outcome},
    },
    session::Scope,
};

macro_rules! stored_as_text {
    ($($type:ty),*) => {$(
        // Text alone: serde's own way would also take `{"kept": null}`.
        impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                // In serde's words, which say what would have been right.
                text.parse().map_err(|_| format!("unknown variant, expected one of `{}`", Self::VARIANTS.join("`, `")))
            }
        }

        impl Type<MySql> for $type {
            fn type_info() -> MySqlTypeInfo {
                <str as Type<MySql>>::type_info()
            }

            fn compatible(column: &MySqlTypeInfo) -> bool {
                <str as Type<MySql>>::compatible(column)
            }
        }

        impl Encode<'_, MySql> for $type {
            fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
                <&str as Encode<MySql>>::encode(self.into(), buffer)
            }
        }

        impl<'r> Decode<'r, MySql> for $type {
            fn decode(value: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<&str as Decode<MySql>>::decode(value)?.parse()?)
            }
        }
    )*};
}

stored_as_text!(About, Counting, Outcome, Scope);
