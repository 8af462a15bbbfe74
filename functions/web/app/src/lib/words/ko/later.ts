import { ko as diary } from './diary';
import { ko as settings } from './settings';

export const ko = { ...diary, ...settings };
