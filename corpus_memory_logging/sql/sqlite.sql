-- What only SQLite says this way.

-- Keys of the texts that match what the user typed.
-- fragment: matching_texts
(SELECT rowid FROM texts_search WHERE texts_search MATCH :search)
