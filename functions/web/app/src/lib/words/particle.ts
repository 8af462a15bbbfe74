/**
 * A name with its Korean particle, which depends on the final consonant. If the last letter does not
 * tell the sound (Latin, emoji), 항목 is appended and takes the particle.
 */
export function withParticle(name: string, afterConsonant: string, afterVowel: string): string {
  const last = name.trimEnd().at(-1) ?? '';
  const syllable = last.charCodeAt(0) - 0xac00;
  if (syllable >= 0 && syllable <= 11_171) {
    return name + (syllable % 28 === 0 ? afterVowel : afterConsonant);
  }
  if (/[0-9]/.test(last)) return name + ('2459'.includes(last) ? afterVowel : afterConsonant);
  return `${name} 항목${afterConsonant}`;
}
