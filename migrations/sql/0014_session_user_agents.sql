-- Which browser a session is in, for the person who looks through their list.
ALTER TABLE sessions ADD COLUMN user_agent VARCHAR(200) NULL;
