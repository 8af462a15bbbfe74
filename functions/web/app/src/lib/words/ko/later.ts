import { ko as diary } from './diary';
import { ko as movingIn } from './moving-in';
import { ko as settings } from './settings';

export const ko = { ...diary, ...settings, ...movingIn };
