import { en as diary } from './diary';
import { en as movingIn } from './moving-in';
import { en as settings } from './settings';
import type { ko } from '../ko/later';

export const en: typeof ko = { ...diary, ...settings, ...movingIn };
