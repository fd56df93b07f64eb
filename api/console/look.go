package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"duradesk/api/openapi"
)

func lookRoutes() []route {
	return []route{{pattern: "GET /-/list/columns", serve: (*visit).columnsDialog}}
}

// allColumns are what a table of tickets can show, in the order in which they are offered.
var allColumns = []string{
	"channel", "number", "title", "client", "last_message", "state", "owner", "group", "priority", "due", "waiting", "updated", "created", "type", "reception_type",
	"category", "tags", "desk", "language",
}

// columnSorts are the orders that a column's head leads to: the first, and the other way round.
var columnSorts = map[string][2]string{
	"number": {"number", "-number"}, "priority": {"-priority", "priority"}, "due": {"next_due", "-next_due"}, "created": {"created", "-created"}, "updated": {"-updated", "updated"},
}

// columnView is the head of a column.
type columnView struct {
	Name   string
	Width  int    // pixels; 0: as wide as it needs
	Href   string // of the list in its order; "" where there is none
	Sorted string // ascending, descending; "" where the list has another order
}

// look is how the person has lists laid out, asked for once per visit.
func (v *visit) look() (openapi.ListLook, error) {
	if v.listLook != nil {
		return *v.listLook, nil
	}
	var out openapi.ListLook
	if err := v.get("/me/lists", &out); err != nil {
		return out, err
	}
	v.listLook = &out
	return out, nil
}

// columns are those of the table at a place: the kept view's own, else the person's; nil where lists are cards.
func (v *visit) columns(at place) ([]openapi.ListColumn, error) {
	look, err := v.look()
	if err != nil || look.Layout != "table" {
		return nil, err
	}
	if at.Columns == "" {
		return look.Columns, nil
	}
	var out []openapi.ListColumn
	for name := range strings.SplitSeq(at.Columns, ",") {
		column := openapi.ListColumn{Name: openapi.ViewColumn(name)}
		if i := slices.IndexFunc(look.Columns, func(c openapi.ListColumn) bool { return c.Name == column.Name }); i >= 0 {
			column.Width = look.Columns[i].Width
		}
		out = append(out, column)
	}
	return out, nil
}

// keptView is the view of a place where somebody keeps it; nil for those that come with the desk. It fills in the
// place's order and columns.
func (v *visit) keptView(at *place) (*openapi.View, error) {
	if known("view." + at.View) {
		return nil, nil //nolint:nilnil // there is none
	}
	if v.kept == nil || v.kept.Key != at.View {
		var kept openapi.View
		if err := v.get("/views/"+url.PathEscape(at.View), &kept); err != nil {
			return nil, err
		}
		v.kept = &kept
	}
	if at.Sort == "" {
		at.Sort = string(v.kept.Sort)
	}
	names := make([]string, len(v.kept.Columns))
	for i, c := range v.kept.Columns {
		names[i] = string(c)
	}
	at.Columns = strings.Join(names, ",")
	return v.kept, nil
}

func columnNames(columns []openapi.ListColumn) []string {
	if columns == nil {
		return nil
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = string(c.Name)
	}
	return out
}

// heads are the columns as the table's first line shows them.
func heads(columns []openapi.ListColumn, at place) []columnView {
	out := make([]columnView, len(columns))
	for i, c := range columns {
		out[i] = columnView{Name: string(c.Name), Width: c.Width}
		ways, ok := columnSorts[out[i].Name]
		if !ok {
			continue
		}
		to := at
		to.Sort = ways[0]
		switch at.sortOf() {
		case ways[0]:
			to.Sort, out[i].Sorted = ways[1], direction(ways[0])
		case ways[1]:
			out[i].Sorted = direction(ways[1])
		}
		out[i].Href = to.href()
	}
	return out
}

func direction(sort string) string {
	if strings.HasPrefix(sort, "-") {
		return "descending"
	}
	return "ascending"
}

// linkedColumn is the one whose text opens the ticket.
func linkedColumn(columns []string) string {
	if len(columns) == 0 || slices.Contains(columns, "title") {
		return "title"
	}
	return columns[0]
}

// columnsView is the choice of columns, and of how close the lines stand.
type columnsView struct {
	Columns []columnChoice
	Compact bool
	Table   bool
}

type columnChoice struct {
	Name  string
	Width int
	Here  bool
}

func (v *visit) columnsDialog() error {
	look, err := v.look()
	if err != nil {
		return err
	}
	out := columnsView{Compact: look.Density == "compact", Table: look.Layout == "table"}
	for _, c := range look.Columns {
		out.Columns = append(out.Columns, columnChoice{string(c.Name), c.Width, true})
	}
	for _, name := range allColumns {
		if !slices.ContainsFunc(out.Columns, func(c columnChoice) bool { return c.Name == name }) {
			out.Columns = append(out.Columns, columnChoice{Name: name})
		}
	}
	return v.show(http.StatusOK, "columns", out)
}
