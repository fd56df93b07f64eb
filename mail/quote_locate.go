package mail

import "strings"

// locate finds in text the place where tail (the quotation, taken from the HTML rendering) starts, or -1.
func locate(text, tail string) int {
	needle := squeeze(firstWords(tail))
	if len(needle) < 12 {
		return -1
	}
	folded, places := squeezeWithPlaces(text)
	i := strings.Index(folded, needle)
	if i < 0 {
		return -1
	}
	at := places[i]
	return strings.LastIndexByte(text[:at], '\n') + 1
}

func firstWords(s string) string {
	var words []string
	length := 0
	for _, f := range strings.Fields(s[:min(len(s), 2000)]) {
		words = append(words, f)
		if length += len(f); length > 48 {
			break
		}
	}
	return strings.Join(words, " ")
}

func squeeze(s string) string {
	out, _ := squeezeWithPlaces(s)
	return out
}

// squeezeWithPlaces drops blanks, quote marks and emphasis, and remembers where each remaining byte stood.
func squeezeWithPlaces(s string) (string, []int) {
	out := make([]byte, 0, len(s))
	places := make([]int, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\n', '>', '*', '<', '_':
			continue
		}
		out = append(out, s[i])
		places = append(places, i)
	}
	return string(out), places
}
