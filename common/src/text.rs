//! What people type: NFC, without control or bidi-override characters.

use unicode_normalization::UnicodeNormalization;

use crate::Code;

/// One line of text, trimmed, of at most `max` characters (Unicode scalar values after NFC).
/// `None` when nothing is left.
pub fn line(input: &str, max: usize) -> Result<Option<String>, Code> {
    clean(input.nfc().collect::<String>().trim(), max, |_| false)
}

/// Text of several lines, of at most `max` characters. `None` when it is blank.
pub fn lines(input: &str, max: usize) -> Result<Option<String>, Code> {
    clean(&input.replace("\r\n", "\n").nfc().collect::<String>(), max, |character| character == '\n')
}

/// A name: a line of 1 to 50 characters.
pub fn name(input: &str) -> Result<String, Code> {
    match line(input, 50) {
        Ok(name) => name.ok_or(Code::NameBlank),
        Err(Code::TextTooLong) => Err(Code::NameTooLong),
        Err(code) => Err(code),
    }
}

fn clean(text: &str, max: usize, allowed: fn(char) -> bool) -> Result<Option<String>, Code> {
    if text.chars().any(|character| is_hidden(character) && !allowed(character)) {
        return Err(Code::TextInvalid);
    }
    if text.chars().count() > max {
        return Err(Code::TextTooLong);
    }
    Ok((!text.chars().all(is_blank)).then(|| text.to_owned()))
}

/// Control characters, and those that reorder or hide what stands around them
/// (Unicode Technical Report 36, section 3.4).
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Spaces, and characters that show nothing by themselves, such as the Hangul filler.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{AD}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'
                ..='\u{200F}' | '\u{2060}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_after_composition_and_trimming() {
        assert_eq!(line("  라면 ", 2), Ok(Some("라면".to_owned())), "decomposed jamo compose");
        assert_eq!(line("abc", 2), Err(Code::TextTooLong));
        assert_eq!(line(" \u{3000}", 2), Ok(None));
        assert_eq!(line("\u{3164}\u{2800}", 2), Ok(None), "what shows nothing is blank");
    }

    #[test]
    fn hidden_characters_are_refused_and_emoji_kept() {
        for hidden in ["a\u{202E}b", "a\u{0}b", "a\nb", "a\u{9}b", "a\u{85}b"] {
            assert_eq!(line(hidden, 10), Err(Code::TextInvalid), "{hidden:?}");
        }
        assert_eq!(line("👩‍🍳", 10), Ok(Some("👩‍🍳".to_owned())));
        assert_eq!(lines("a\r\nb", 10), Ok(Some("a\nb".to_owned())));
    }
}
