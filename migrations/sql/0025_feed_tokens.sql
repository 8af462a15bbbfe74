-- The key in the address of a calendar is a token too: it opens that, and nothing else.
ALTER TABLE api_tokens MODIFY scope ENUM ('read', 'write', 'feed') NOT NULL;
