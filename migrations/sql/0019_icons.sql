-- One emoji can take more than sixteen characters of a column: the limit, 64 bytes, is that of the API.
ALTER TABLE foods MODIFY icon VARCHAR(64) NULL;
