package calendar

// names is what a day is called.
type names struct{ ja, en string }

// set is a group of holidays that is computed, not listed.
type set struct {
	key   string
	title names
	names []names
	// days writes base + 1 + the index of its name at each holiday of the year, January 1 being 0.
	days func(year int, base int32, days *[366]int32)
}

// sets is never written to.
var sets = []set{
	{"jp", names{"日本の国民の祝日", "National holidays of Japan"}, japanNames(), japanDays},
}

// Set names a group of holidays that a Spec can hold by its key.
type Set struct{ Key, Name, NameJA string }

// Sets lists the groups of holidays that this build computes.
func Sets() []Set {
	var out []Set
	for _, s := range sets {
		out = append(out, Set{s.key, s.title.en, s.title.ja})
	}
	return out
}

func setKeys() []string {
	var keys []string
	for _, s := range sets {
		keys = append(keys, s.key)
	}
	return keys
}

func isSet(key string) bool {
	_, ok := findSet(key)
	return ok
}

func findSet(key string) (set, bool) {
	for _, s := range sets {
		if s.key == key {
			return s, true
		}
	}
	return set{}, false
}
