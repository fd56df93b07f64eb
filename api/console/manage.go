package console

import (
	"net/http"
	"net/url"
	"slices"
)

// shelf is a kind of thing that is managed: where it is kept, what its list shows and its form asks. A new one is a value
// of this type, its texts in both catalogs, and a line in shelves.
type shelf struct {
	key     string // in the address, and of its texts
	group   string // under which navigation shows it
	icon    string
	see     func(person) bool // nil: whoever is signed in
	make    func(person) bool // nil: nobody adds one by a form
	edit    func(person, thing) bool
	path    string // of the API's operations
	id      func(thing) string
	name    func(v *visit, t thing) string                                // as its form's title; nil: its id
	load    func(v *visit, cursor string) ([]thing, string, error)        // nil: what path lists
	one     func(v *visit, id string) (thing, error)                      // nil: looked for in what load gives
	address func(t thing) string                                          // of one in the API; nil: path and id
	collect func(body map[string]any) string                              // where a new one is posted to; nil: path
	columns []string                                                      // catalog keys below "set."
	row     func(v *visit, t thing) []cell                                // of the list
	form    func(v *visit, t thing) ([]section, error)                    // of one; t is nil for a new one
	finish  func(body map[string]any, t thing)                            // what a form cannot say by itself
	made    func(v *visit, s *shelf, answer thing) (done bool, err error) // shows what is shown once
	beside  func(v *visit, t thing) (string, any, error)                  // a template and its data, below the form
	picture func(v *visit, t thing) (string, any, error)                  // the same, above it
	refill  func(v *visit, t thing, sections []section) error             // puts something else into the form than what is stored, where its address says so
	above   func(v *visit, t thing) (string, any, error)                  // the same above the list
	below   func(v *visit, t thing) (string, any, error)                  // and below it
	drop    bool                                                          // one can be taken away
	fixed   bool                                                          // its lines lead nowhere

	besideNew bool // what stands below the form stands below that of a new one too
}

func anybody(person) bool { return true }

// shelves in the order of navigation.
func shelves() []*shelf {
	return []*shelf{
		clientShelf(), agentShelf(), groupShelf(), deskShelf(), receptionShelf(),
		templateShelf(), macroShelf(), moduleShelf(), triggerShelf(), wordShelf(), articleShelf(), viewShelf(),
		calendarShelf(), policyShelf(),
		mailboxShelf(), quarantineShelf(), ledgerShelf(), undeliverableShelf(),
		tokenShelf(), channelShelf(), webhookShelf(), auditShelf(),
	}
}

var shelfGroups = []string{"house", "writing", "time", "mail", "programs"}

// managed is a page of management as the navigation shows it.
type managed struct {
	Href, Name, Icon string
	Here             bool
}

type managedGroup struct {
	Name  string // catalog key
	Pages []managed
}

// managedBy are the pages that a person may see: those that he may not are absent.
func managedBy(p person, lang, here string) []managedGroup {
	var out []managedGroup
	for _, name := range shelfGroups {
		g := managedGroup{Name: "manage." + name}
		for _, s := range shelves() {
			if s.group == name && (s.see == nil || s.see(p)) {
				g.Pages = append(g.Pages, managed{"/manage/" + s.key, say(lang, "shelf."+s.key), s.icon, s.key == here})
			}
		}
		if len(g.Pages) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func manageRoutes() []route {
	return []route{
		{pattern: "GET /manage", serve: (*visit).manageHome},
		{pattern: "GET /manage/{shelf}", serve: (*visit).shelfPage},
		{pattern: "GET /manage/{shelf}/-new", serve: (*visit).newPage},
		{pattern: "POST /manage/{shelf}", serve: (*visit).createThing},
		{pattern: "GET /manage/{shelf}/{id}", serve: (*visit).editPage},
		{pattern: "POST /manage/{shelf}/{id}", serve: (*visit).changeThing},
		{pattern: "GET /manage/{shelf}/{id}/delete", serve: (*visit).dropDialog},
		{pattern: "POST /manage/{shelf}/{id}/delete", serve: (*visit).drop1},
	}
}

// manageHome leads to the first page that the person may see.
func (v *visit) manageHome() error {
	return v.redirect(managedBy(v.me, v.lang, "")[0].Pages[0].Href)
}

// theShelf is the one that the address names; nil for one that the person may not see.
func (v *visit) theShelf() *shelf {
	all := shelves()
	i := slices.IndexFunc(all, func(s *shelf) bool { return s.key == v.r.PathValue("shelf") })
	if i < 0 || all[i].see != nil && !all[i].see(v.me) {
		return nil
	}
	return all[i]
}

// things of a shelf, and where the next page of them begins.
func (s *shelf) things(v *visit, cursor string) ([]thing, string, error) {
	if s.load != nil {
		return s.load(v, cursor)
	}
	return v.things(s.path, url.Values{}, cursor)
}

// things that an address of the API lists.
func (v *visit) things(path string, q url.Values, cursor string) ([]thing, string, error) {
	var found struct {
		Items []thing `json:"items"`
		Next  string  `json:"next_cursor"`
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	err := v.get(path, &found)
	return found.Items, found.Next, err
}

// find is one thing by its id.
func (s *shelf) find(v *visit, id string) (thing, error) {
	if s.one != nil {
		return s.one(v, id)
	}
	all, _, err := s.things(v, "")
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if s.id(t) == id {
			return t, nil
		}
	}
	return nil, &problem{Status: http.StatusNotFound, Title: say(v.lang, "title.not-found"), Detail: say(v.lang, "detail.not-found")}
}

func (s *shelf) addressOf(t thing) string {
	if s.address != nil {
		return s.address(t)
	}
	return s.path + "/" + url.PathEscape(s.id(t))
}

func (s *shelf) href(id string) string { return "/manage/" + s.key + "/" + url.PathEscape(id) }

func (s *shelf) mayEdit(p person, t thing) bool { return s.edit != nil && s.edit(p, t) }

func (s *shelf) mayMake(p person) bool { return s.make != nil && s.make(p) }
