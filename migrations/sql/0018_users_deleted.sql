-- Since when an account is being deleted. Nobody can come in to it, and its rows are erased in portions.
ALTER TABLE users
    ADD COLUMN IF NOT EXISTS deleted_at DATETIME(6) NULL,
    ADD KEY IF NOT EXISTS by_deletion (deleted_at);
