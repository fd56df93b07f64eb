package console

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

func bulkRoutes() []route {
	return []route{
		{pattern: "GET /-/bulk-do/{action}", serve: (*visit).bulkDialog},
		{pattern: "POST /bulk/do/{action}", serve: (*visit).bulkDo},
		{pattern: "GET /bulk/{id}", serve: (*visit).bulkPage},
		{pattern: "GET /-/bulk/{id}", serve: (*visit).bulkFragment},
		{pattern: "GET /-/bulk/{id}/strip", serve: (*visit).bulkStrip},
		{pattern: "POST /bulk/{id}/{way}", serve: (*visit).bulkSteer},
	}
}

// bulkAction is a button of the bar over a selection: one command for all that is chosen, as a durable job (N53).
type bulkAction struct {
	ID      string // of its texts, those of the action upon one ticket
	Command string
	Icon    string
	Main    bool // among the first buttons; the others are behind "more"
	Lead    bool // for leads only
	Grave   bool
	Fields  func(v *visit, h *house) []field // nil: none
	Fixed   map[string]any
}

// The order is that of the buttons.
var bulkActions = []bulkAction{
	{ID: "keep", Command: "assign", Icon: "hand", Main: true, Fixed: map[string]any{"assign": map[string]any{"owner": "me"}}},
	{ID: "transfer", Command: "assign", Icon: "transfer", Main: true, Fields: bulkTransferFields},
	{ID: answering, Icon: "reply", Main: true}, // with a form of its own
	{ID: "hold", Command: "hold", Icon: "pause", Fields: func(v *visit, h *house) []field { return holdFields(nil, v, h) }},
	{ID: "resolve", Command: "resolve", Icon: "check", Fields: func(v *visit, h *house) []field { return resolveFields(&ticketView{}, v, h) }},
	{ID: "resolve_internally", Command: "resolve", Icon: "check-in", Fields: func(v *visit, h *house) []field { return internalFields(nil, v, h) }},
	{ID: "classify", Command: "classify", Icon: "tag", Fields: bulkLabelFields},
	{ID: "escalate", Command: "escalate", Icon: "up", Fields: func(v *visit, h *house) []field { return escalateFields(nil, v, h) }},
	{ID: "close", Command: "close", Icon: "lock", Lead: true, Grave: true},
	{ID: "restore", Command: "restore", Icon: "undo", Lead: true},
	{ID: "delete", Command: "delete", Icon: "trash", Lead: true, Grave: true},
}

const answering = "answer"

// bulkActionsOf are those that a person may take.
func bulkActionsOf(p person) []bulkAction {
	return slices.DeleteFunc(slices.Clone(bulkActions), func(a bulkAction) bool { return a.Lead && !p.Lead() })
}

func (v *visit) bulkAction() (bulkAction, bool) {
	for _, a := range bulkActionsOf(v.me) {
		if a.ID == v.r.PathValue("action") {
			return a, true
		}
	}
	return bulkAction{}, false
}

// nobody is what a form says for an owner or a group that shall be none; what is left empty stays as it is.
const nobody = "-"

func bulkTransferFields(v *visit, h *house) []field {
	groups, agents := v.groupOptions(h), []option{{"", say(v.lang, "bulk.unchanged")}, {nobody, say(v.lang, "none")}}
	groups[0] = agents[1]
	for _, a := range h.Agents {
		agents = append(agents, option{a.Key, a.Name})
	}
	return []field{
		{Name: "assign.group", Label: "field.group", Kind: pick, Options: append([]option{agents[0]}, groups...), Focus: true},
		{Name: "assign.owner", Label: "field.owner", Kind: pick, Options: agents, Help: "help.owner_none"},
	}
}

func bulkLabelFields(v *visit, _ *house) []field {
	same := []option{{"", say(v.lang, "bulk.unchanged")}}
	return []field{
		{Name: "classify.add_tags", Label: "field.add_tags", Kind: list, Help: "help.tags", Focus: true},
		{Name: "classify.remove_tags", Label: "field.remove_tags", Kind: list, Help: "help.tags"},
		{Name: "classify.priority", Label: "field.priority", Kind: pick, Options: append(same, v.opts("priority", "low", "normal", "high", "urgent")...)},
		{Name: "classify.type", Label: "field.type", Kind: pick, Options: append(same, v.opts("type", "question", "request", "incident", "problem", "complaint")...)},
		{Name: "classify.fields", Label: "field.fields", Kind: pairs, Help: "help.pairs"},
	}
}

// bulkDialogView asks back before a job begins, with how many tickets it is for.
type bulkDialogView struct {
	Action    bulkAction
	Post      string
	Count     string
	All       bool
	First     string // the ticket of which a mail is shown
	Fields    []field
	Templates []option
	Reasons   []option
	ID        string // a form that is sent twice begins one job
}

func (v *visit) bulkDialog() error {
	a, ok := v.bulkAction()
	if !ok {
		return v.nothing()
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	out := bulkDialogView{
		Action: a, Post: placeOf(v.r).Fragment("/bulk/do/" + a.ID), Count: q.Get("count"), All: q.Has("all"), First: q.Get("first"), ID: newID(),
		Reasons: v.opts("holding", "client", "third_party", "internal", "scheduled"),
	}
	if a.Fields != nil {
		out.Fields = a.Fields(v, h)
	}
	seen := map[string]bool{}
	for _, x := range h.Templates {
		if x.Name != "" && answers[string(x.Occasion)] && !seen[x.Name] {
			seen[x.Name] = true
			out.Templates = append(out.Templates, option{x.Name, x.Name})
		}
	}
	return v.show(http.StatusOK, "bulk-dialog", out)
}

// bulkDo begins a job for the tickets that the form names, or for all that the list finds.
func (v *visit) bulkDo() error {
	a, ok := v.bulkAction()
	if !ok {
		return v.nothing()
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxSend)
	if err := v.r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	command, params, err := v.bulkParams(a)
	if err != nil {
		return err
	}
	selection, err := v.selection(placeOf(v.r))
	if err != nil {
		return err
	}
	body := map[string]any{"command": command, "params": params, "selection": selection}
	if id := v.r.PostForm.Get("id"); id != "" {
		body["id"] = id
	}
	var job openapi.BulkJob
	if err := v.ask(http.MethodPost, "/bulk", body, &job); err != nil {
		return err
	}
	return v.begun(job)
}

// begun tells the page's scripts of a job, which show how far it is.
func (v *visit) begun(job openapi.BulkJob) error {
	v.tell("duradesk:bulk", map[string]string{"id": job.Id, "text": say(v.lang, "bulk.begun")})
	v.html(http.StatusOK, nil)
	return nil
}

// bulkParams are what each ticket's command says.
func (v *visit) bulkParams(a bulkAction) (command string, params map[string]any, err error) {
	if a.ID == answering {
		way := v.r.PostForm.Get("way")
		if ways[way] == "" || way == "note" {
			way = answering
		}
		params, err = v.sendBody(way)
		delete(params, "id")
		return ways[way], params, err
	}
	params = map[string]any{}
	if a.Fields != nil {
		h, err := v.theHouse()
		if err != nil {
			return "", nil, err
		}
		if params, err = v.body(a.Fields(v, h), v.r.PostForm); err != nil {
			return "", nil, err
		}
	}
	if assign, ok := params["assign"].(map[string]any); ok {
		for name, value := range assign {
			if value == nobody {
				assign[name] = nil
			}
		}
	}
	maps.Copy(params, a.Fixed)
	return a.Command, params, nil
}

// selection is what the API looks for: the numbers that were ticked, or all that the list finds.
func (v *visit) selection(at place) (map[string]any, error) {
	if v.r.PostForm.Get("all") == "" {
		numbers := []int64{}
		for word := range strings.FieldsSeq(v.r.PostForm.Get("numbers")) {
			n, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				return nil, v.wrong(field{Label: "field.number"}, say(v.lang, "form.number"))
			}
			numbers = append(numbers, n)
		}
		return map[string]any{"numbers": numbers}, nil
	}
	out := map[string]any{}
	if known("view." + at.View) {
		out["view"] = at.View
	} else {
		var kept openapi.View
		if err := v.get("/views/"+url.PathEscape(at.View), &kept); err != nil {
			return nil, err
		}
		if at.Q = strings.TrimSpace(at.Q); at.Q != "" && kept.Q != "" {
			at.Q = "(" + kept.Q + ") (" + at.Q + ")"
		} else {
			at.Q += kept.Q
		}
	}
	if at.Q != "" {
		out["q"] = at.Q
	}
	return out, nil
}
