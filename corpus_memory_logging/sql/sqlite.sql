-- What only SQLite says this way.

-- Keys of the texts that match what the user typed.
-- fragment: matching_texts
(SELECT rowid FROM texts_search WHERE texts_search MATCH :search)

-- Keys of the tests, and numbers of the runs, that a JSON list holds.
-- fragment: listed_tests
(SELECT value FROM json_each(:tests))

-- fragment: listed_runs
(SELECT value FROM json_each(:runs))

-- Keys of at most 50 likenesses that match telling words, the nearest by the index's rank.
-- fragment: nearest_likenesses
(SELECT likenesses.likeness FROM likenesses_search
    JOIN likenesses ON likenesses.likeness = likenesses_search.rowid
    WHERE likenesses_search MATCH :words AND likenesses.project = :project
    ORDER BY likenesses_search.rank LIMIT 50)

-- In how many likenesses each of some words occurs; those that occur in none are left out.
-- name: word_counts
SELECT term, doc FROM likenesses_words WHERE term IN (SELECT value FROM json_each(:words))
ORDER BY doc, term
