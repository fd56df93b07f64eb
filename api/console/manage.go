package console

// managed is a page of management as the navigation shows it.
type managed struct{ Href, Name, Icon string }

// managePages lists the pages of management; who may not open one does not see it.
var managePages = []struct {
	href, name, icon string
	may              func(person) bool
}{
	{"/reports", "nav.reports", "numbers", person.Lead},
}

func managedBy(p person, lang string) []managed {
	var out []managed
	for _, m := range managePages {
		if m.may == nil || m.may(p) {
			out = append(out, managed{m.href, say(lang, m.name), m.icon})
		}
	}
	return out
}
