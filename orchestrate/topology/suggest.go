package topology

// closest finds the known word that a person most likely meant by an unknown one: at most two slips away, and for short words
// at most half of it.
func closest(word string, known []string) (string, bool) {
	best, limit := "", min(2, (len(word)+1)/2)
	if len(word) > maxName {
		return "", false
	}
	for _, candidate := range known {
		if slips := distance(word, candidate); slips <= limit && (best == "" || slips < limit) {
			best, limit = candidate, slips
		}
	}
	return best, best != ""
}

// distance counts the letters to insert, delete or replace that make one word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
