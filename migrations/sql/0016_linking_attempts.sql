-- A sign-in on its way may be there to link its identity to somebody who is signed in: to whom, in which session.
ALTER TABLE sign_in_attempts
    ADD COLUMN user_id BINARY(16) NULL,
    ADD COLUMN session_id BINARY(16) NULL,
    ADD FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE;
