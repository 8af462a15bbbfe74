//! The stable codes of the API and what each says in Korean and English.

use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::Serialize;

use crate::Language;

macro_rules! codes {
    ($($name:ident $code:literal $status:ident $korean:literal $english:literal)*) => {
        /// What was wrong, by a name that never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Code { $(#[serde(rename = $code)] $name),* }

        impl Code {
            /// The name in the API, in kebab-case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The code with this name: the first, where several say the same code in other words.
            #[expect(unreachable_patterns, reason = "a name may stand there again, in other words")]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($code => Some(Self::$name),)* _ => None }
            }

            /// The status of an answer whose problem this is.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            const fn words(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Korean) => $korean, (Self::$name, Language::English) => $english),*
                }
            }
        }
    };
}

codes! {
    // The request as a whole.
    RequestInvalid "request-invalid" BAD_REQUEST "읽을 수 없는 요청이에요." "That is not a request that can be read."
    UriTooLong "uri-too-long" URI_TOO_LONG "주소가 너무 길어요." "That address is too long."
    HeadersTooLarge "headers-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE "머리글이 너무 길어요. 쿠키를 지우고 다시 해 주세요." "The headers are too long. Clear the cookies of this site and try again."
    NotImplemented "not-implemented" NOT_IMPLEMENTED "지원하지 않는 방식의 요청이에요." "Requests of that kind are not understood here."
    JsonInvalid "json-invalid" BAD_REQUEST "보낸 내용을 읽을 수 없어요." "The request body can't be read as JSON."
    EventInvalid "event-invalid" BAD_REQUEST "CloudEvent가 아니에요." "That is not a CloudEvent."
    SessionRequired "session-required" UNAUTHORIZED "다시 로그인해 주세요. 적던 내용은 그대로 있어요." "Please sign in again. What you wrote is still here."
    TokenUnknown "session-required" UNAUTHORIZED "토큰이 맞지 않거나 만료됐어요." "That token is wrong or was revoked."
    FeedKeyUnknown "session-required" UNAUTHORIZED "캘린더 주소가 맞지 않거나 없앤 주소예요. 설정에서 새로 만들어 주세요." "That calendar link is wrong or was revoked. Make a new one in the settings."
    TokenReadOnly "token-read-only" FORBIDDEN "읽기만 할 수 있는 토큰이에요." "This token can only read."
    TokenRefused "token-refused" FORBIDDEN "토큰으로는 할 수 없어요. 브라우저에서 로그인하고 해 주세요." "A token can't do that. Sign in with a browser."
    OriginForeign "origin-foreign" FORBIDDEN "다른 사이트에서 온 요청은 받지 않아요." "Requests from another site are not taken."
    NotFound "not-found" NOT_FOUND "찾을 수 없어요." "Not found."
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "여기서는 할 수 없는 요청이에요." "That can't be done here."
    BodyTimeout "body-timeout" REQUEST_TIMEOUT "내용이 다 오지 않았어요. 다시 보내 주세요." "The request body did not arrive in time. Please send it again."
    OtherAccount "other-account" CONFLICT "다른 계정으로 로그인되어 있어요." "Another account is signed in here."
    BodyTooLarge "body-too-large" PAYLOAD_TOO_LARGE "한 번에 보내기에는 너무 길어요." "That is too long to send at once."
    JsonRequired "json-required" UNSUPPORTED_MEDIA_TYPE "application/json으로 보내 주세요." "Send it as application/json."
    MisdirectedRequest "misdirected-request" MISDIRECTED_REQUEST "이 주소로는 열 수 없어요." "This address is not served here."
    Internal "internal" INTERNAL_SERVER_ERROR "문제가 생겼어요. 곧 고칠게요." "Something went wrong on our side."
    Unavailable "unavailable" SERVICE_UNAVAILABLE "잠시 연결이 어려워요. 곧 다시 시도할게요." "Can't reach it right now. Trying again shortly."
    NotMigrated "not-migrated" SERVICE_UNAVAILABLE "준비 중이에요. 잠시 뒤에 다시 와 주세요." "Getting ready. Please come back in a moment."
    ClocksApart "clocks-apart" SERVICE_UNAVAILABLE "서버의 시계가 서로 달라요." "The clocks of the servers differ."
    AccountGoing "account-going" SERVICE_UNAVAILABLE "계정을 지우고 있어요. 기록이 많아서 조금 걸려요." "The account is being deleted. It has many records, so this takes a moment."
    WorkRemains "work-remains" SERVICE_UNAVAILABLE "아직 남은 일이 있어요." "There is work left to do."

    // Sign-in.
    SignInExpired "sign-in-expired" BAD_REQUEST "로그인이 끝까지 이어지지 않았어요. 같은 브라우저에서 다시 시작해 주세요." "That sign-in didn't reach its end. Please start again in this browser."
    SignInRefused "sign-in-refused" BAD_REQUEST "로그인을 취소했어요." "Sign-in was cancelled."
    TooManyAttempts "too-many-attempts" TOO_MANY_REQUESTS "로그인 시도가 너무 많아요. 몇 분 뒤에 다시 해 주세요." "That is a lot of sign-ins at once. Please try again in a few minutes."
    SignInFailed "sign-in-failed" SERVICE_UNAVAILABLE "로그인을 마치지 못했어요. 계속되면 관리자에게 알려 주세요." "Sign-in didn't work. If it keeps happening, tell whoever runs this."

    // Any field.
    FieldMissing "field-missing" UNPROCESSABLE_ENTITY "꼭 필요한 값이에요." "This is required."
    FieldUnknown "field-unknown" UNPROCESSABLE_ENTITY "모르는 이름의 값이에요." "There is no such field."
    FieldTwice "field-twice" UNPROCESSABLE_ENTITY "같은 값이 두 번 왔어요." "This was sent twice."
    ValueInvalid "value-invalid" UNPROCESSABLE_ENTITY "여기에 쓸 수 없는 값이에요." "That is not a value this can have."
    ColorInvalid "value-invalid" UNPROCESSABLE_ENTITY "색은 #e8813a처럼 적어 주세요." "Write a colour like #e8813a."
    CurrencyInvalid "value-invalid" UNPROCESSABLE_ENTITY "통화는 KRW처럼 영문 대문자 세 글자예요." "A currency is three capital letters, such as KRW."
    PriceInvalid "value-invalid" UNPROCESSABLE_ENTITY "숫자만 적어 주세요." "Digits only, such as 1500 or 1.50."
    TextInvalid "text-invalid" UNPROCESSABLE_ENTITY "쓸 수 없는 문자가 있어요." "There is a character that can't be used."
    TextTooLong "text-too-long" UNPROCESSABLE_ENTITY "너무 길어요." "That is too long."
    IconTooLong "text-too-long" UNPROCESSABLE_ENTITY "그림은 이모지나 글자 하나예요." "A picture is one emoji or one letter."
    DateInvalid "date-invalid" UNPROCESSABLE_ENTITY "없는 날짜예요." "There is no such date."
    DateTooEarly "date-too-early" UNPROCESSABLE_ENTITY "2000년 1월 1일부터 고를 수 있어요." "Dates begin on January 1, 2000."
    TimeInvalid "time-invalid" UNPROCESSABLE_ENTITY "없는 시각이에요." "There is no such time."
    RangeInvalid "range-invalid" UNPROCESSABLE_ENTITY "끝나는 날이 시작하는 날보다 앞서요." "The end is before the start."
    RangeTooLong "range-too-long" UNPROCESSABLE_ENTITY "한 번에 400일까지 볼 수 있어요." "At most 400 days can be shown at once."
    TimeNotByFive "time-invalid" UNPROCESSABLE_ENTITY "시각은 5분 단위로 고를 수 있어요." "A time goes by five minutes."
    NumberOutOfRange "number-out-of-range" UNPROCESSABLE_ENTITY "여기에 쓸 수 없는 숫자예요." "That number is out of range."

    // An export.
    VersionUnknown "version-unknown" UNPROCESSABLE_ENTITY "다른 버전에서 만든 파일이라 읽을 수 없어요." "This file is of a version that can't be read here."

    // Foods.
    NameBlank "name-blank" UNPROCESSABLE_ENTITY "이름을 적어 주세요." "Give it a name."
    NameTooLong "name-too-long" UNPROCESSABLE_ENTITY "이름은 50자까지 쓸 수 있어요." "A name has at most 50 characters."
    StartDateFuture "start-date-future" UNPROCESSABLE_ENTITY "시작일은 오늘까지만 고를 수 있어요." "The start can't be after today."
    StartDateAfterHistory "start-date-after-history" CONFLICT "{date} 기록이 있어서 그 뒤로는 옮길 수 없어요." "There is a record on {date}, so the start can't move past it."
    PriceWithoutCurrency "price-without-currency" UNPROCESSABLE_ENTITY "값과 통화를 함께 적어 주세요." "A price needs its currency, and a currency its price."
    FoodExists "food-exists" CONFLICT "같은 id로 다른 항목이 있어요." "Another food has this id."
    TooManyDeleted "too-many-deleted" CONFLICT "지운 항목이 너무 많아요. 지운 지 30일이 지나면 다시 만들 수 있어요." "Too many deleted foods are still kept. Each is gone after 30 days."
    TooManyFoods "too-many-foods" CONFLICT "200개까지 둘 수 있어요." "There can be at most 200 foods."

    // Reviews and slips.
    FoodNotFound "food-not-found" UNPROCESSABLE_ENTITY "찾을 수 없는 항목이에요." "Not found."
    FoodArchived "food-archived" UNPROCESSABLE_ENTITY "보관한 뒤의 날이에요. 다시 꺼내면 기록할 수 있어요." "It was archived before that day. Bring it back to record it."
    ReviewDateFuture "review-date-future" UNPROCESSABLE_ENTITY "아직 오지 않은 날이에요." "That day hasn't come yet."
    ReviewBeforeStart "review-before-start" UNPROCESSABLE_ENTITY "시작일({date})보다 앞선 날이에요. 시작일을 앞당기면 기록할 수 있어요." "That is before the start ({date}). Move the start earlier to record it."
    ReviewChanged "review-changed" PRECONDITION_FAILED "다른 곳에서 먼저 바뀌었어요." "It was changed elsewhere first."
    SkipTooLong "skip-too-long" UNPROCESSABLE_ENTITY "한 번에 92일까지 쉬어갈 수 있어요." "Days off can last at most 92 days at once."
    SkipTooFar "skip-too-far" UNPROCESSABLE_ENTITY "366일 뒤까지 정할 수 있어요." "Days off can end at most 366 days from today."
    TooManySkips "too-many-skips" CONFLICT "쉬어가는 기간은 100개까지 둘 수 있어요." "There can be at most 100 ranges of days off."
    TooManyRecords "too-many-records" CONFLICT "기록은 백만 개까지 둘 수 있어요." "There can be at most a million records."
    TooManySlips "too-many-slips" UNPROCESSABLE_ENTITY "하루에 50번까지 적을 수 있어요." "There can be at most 50 in a day."

    // Reminders, and where they go.
    TooManyReminders "too-many-reminders" CONFLICT "알림 시각은 10개까지 둘 수 있어요." "There can be at most 10 reminders."
    TooManyChannels "too-many-channels" CONFLICT "알림을 받을 곳은 20개까지 둘 수 있어요." "There can be at most 20 places that reminders go to."
    TooManyTests "too-many-tests" TOO_MANY_REQUESTS "시험 알림을 많이 보냈어요. 몇 분 뒤에 다시 해 주세요." "That is a lot of tests at once. Please try again in a few minutes."
    PushOff "push-off" CONFLICT "이 서버는 브라우저 알림을 보내지 않아요." "This server sends nothing to browsers."
    AddressInvalid "address-invalid" UNPROCESSABLE_ENTITY "주소를 다시 봐 주세요." "That is not an address."
    AddressInsecure "address-insecure" UNPROCESSABLE_ENTITY "https로 시작하는 주소만 쓸 수 있어요." "The address has to begin with https."
    AddressPrivate "address-private" UNPROCESSABLE_ENTITY "인터넷에서 닿을 수 있는 주소만 쓸 수 있어요." "The address has to be one on the Internet."
    SecretInvalid "value-invalid" UNPROCESSABLE_ENTITY "비밀값은 whsec_ 뒤에 base64로 적은 16~64바이트예요." "A secret is 16 to 64 bytes in base64, after whsec_."

    // The account.
    IdentityTaken "identity-taken" CONFLICT "다른 계정에 이미 연결된 로그인이에요. 아무것도 바뀌지 않았어요." "That sign-in already belongs to another account. Nothing was changed."
    LastIdentity "last-identity" CONFLICT "마지막 남은 로그인 방법이라 끊을 수 없어요." "This is the only way left to sign in, so it stays."
    TooManyTokens "too-many-tokens" CONFLICT "토큰은 20개까지 만들 수 있어요." "There can be at most 20 tokens."
    ZoneUnknown "zone-unknown" UNPROCESSABLE_ENTITY "모르는 시간대예요." "There is no such time zone."
    DayStartOutOfRange "day-start-out-of-range" UNPROCESSABLE_ENTITY "하루의 시작은 00:00부터 12:00까지 고를 수 있어요." "A day can start from 00:00 to 12:00."
}

impl Code {
    /// What a person reads, with `date` in its place. `date` is followed by the year it is told in.
    pub(crate) fn text(self, language: Language, date: Option<(NaiveDate, i32)>) -> String {
        let words = self.words(language);
        date.map_or_else(
            || words.to_owned(),
            |(date, this_year)| words.replace("{date}", &language.date(date, this_year)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_its_year_only_where_it_is_another() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 5).expect("a date");
        assert_eq!(
            Code::StartDateAfterHistory.text(Language::English, Some((day, 2026))),
            "There is a record on March 5, so the start can't move past it."
        );
        assert!(
            Code::StartDateAfterHistory.text(Language::Korean, Some((day, 2027))).starts_with("2026년 3월 5일 기록")
        );
    }
}
