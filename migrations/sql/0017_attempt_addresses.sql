-- Where an attempt came from, for as long as it may be completed: an address can begin only so many at a time.
ALTER TABLE sign_in_attempts
    ADD COLUMN address VARBINARY(16) NULL,
    ADD KEY by_address (address, expires_at);
