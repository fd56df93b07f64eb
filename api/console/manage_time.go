package console

import (
	"net/url"
	"strconv"
	"time"

	"duradesk/api/openapi"
)

var weekdayKeys = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

func calendarShelf() *shelf {
	return &shelf{
		key: "calendars", group: "time", icon: "calendar", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/calendars", id: byKey,
		one:     func(v *visit, id string) (t thing, err error) { return v.oneAt("/calendars/", id) },
		columns: []string{"key", "zone", "version", "holidays"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: t.text("key"), Code: true}, {Text: t.text("zone")}, {Text: t.text("version")}, {Text: excerpt(joined(t.texts("holidays")))}}
		},
		form: func(v *visit, t thing) ([]section, error) {
			about := []field{ask("key", oneLiner, needed), ask("zone", oneLiner, quiet, from("Asia/Tokyo"), like(zones()), called("calendar_zone"))}
			about[0].Fixed = t != nil
			week := section{Name: "set.week", Help: "set_help.week"}
			for i, day := range weekdayKeys {
				hours := ""
				if i < 5 {
					hours = "09:00-18:00"
				}
				week.Fields = append(week.Fields, ask("week."+day, list, from(hours)))
			}
			return []section{{Fields: about}, week, {Name: "set.exceptions", Fields: []field{
				ask("holidays", lines, from("jp")), ask("closed", lines), ask("open", lines),
			}}}, nil
		},
		picture: yearBeside,
		beside:  func(v *visit, t thing) (string, any, error) { return "import-part", v.importPart(t), nil },
	}
}

// zones are those that people choose among most.
func zones() []option {
	var out []option
	for _, z := range []string{"Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "UTC"} {
		out = append(out, option{z, z})
	}
	return out
}

// oneAt is one thing that the API shows under an address of its own.
func (v *visit) oneAt(path, id string) (thing, error) {
	var t thing
	err := v.get(path+url.PathEscape(id), &t)
	return t, err
}

// clocks are the targets that a policy sets.
var clocks = []string{"first_response", "next_response", "resolution"}

func policyShelf() *shelf {
	return &shelf{
		key: "policies", group: "time", icon: "clock", see: person.Lead, edit: mayAdmin, path: "/policies", id: func(t thing) string { return t.text("desk") },
		name:    func(v *visit, t thing) string { return say(v.lang, "policy.of", "desk", v.deskName(t)) },
		columns: []string{"for_desk", "calendar", "first_response", "resolution", "version"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: v.deskName(t)}, {Text: t.text("calendar"), Code: true}, {Text: v.targets(t, "first_response_minutes")}, {Text: v.targets(t, "resolution_minutes")}, {Text: t.text("version")}}
		},
		form:   policyForm,
		beside: policyBeside,
	}
}

// targets of a clock in one line, from urgent to low.
func (v *visit) targets(t thing, name string) string {
	out := ""
	for _, p := range []string{"urgent", "high", "normal", "low"} {
		n, _ := t.at(name + "." + p).(float64)
		if out != "" {
			out += " / "
		}
		out += spanText(v.lang, int64(n))
	}
	return out
}

func policyForm(v *visit, _ thing) ([]section, error) {
	var found openapi.CalendarList
	if err := v.get("/calendars", &found); err != nil {
		return nil, err
	}
	calendars := []option{{"always", say(v.lang, "set.always")}}
	for _, c := range found.Items {
		calendars = append(calendars, option{c.Key, c.Key + " (" + c.Zone + ")"})
	}
	matrix := section{Name: "set.targets", Help: "set_help.targets", Columns: []string{say(v.lang, "set.clock")}}
	reasons := v.opts("holding", "client", "third_party", "internal", "scheduled")
	standing := section{Name: "set.pauses", Help: "set_help.pauses"}
	priorities := v.priorities()
	for _, p := range priorities {
		matrix.Columns = append(matrix.Columns, p.Name)
	}
	for _, clock := range clocks {
		row := fieldRow{Name: say(v.lang, "clock."+clock)}
		for _, p := range priorities {
			f := ask(clock+"_minutes."+p.Value, span, quiet, called("targets"))
			f.Aria, f.Help = row.Name+" "+p.Name, ""
			row.Fields = append(row.Fields, f)
		}
		matrix.Rows = append(matrix.Rows, row)
		f := ask("pauses."+clock, several, of(reasons))
		f.Label, f.Help = "clock."+clock, ""
		standing.Fields = append(standing.Fields, f)
	}
	return []section{
		{Fields: []field{ask("calendar", pick, of(calendars)), ask("warn_at_percent", whole, quiet), ask("breach_escalates", tick), ask("hand_over_days", whole, quiet)}},
		matrix, standing,
	}, nil
}

// deadlineView is a deadline that is tried: as a line of the hours of each day, and in words.
type deadlineView struct {
	Desk                string
	Clocks, Priorities  []choice
	From                string // as the input shows it
	Tried               openapi.TriedDeadline
	Start, Due          moment
	Warn                *moment
	Target              string
	Bands               []band
	Lines               []triedLine
	Rest                int // days that the picture leaves out
	Pinned              string
	Fault               string
	CalendarDescription string
}

// Bottom is where the lines of the hours end.
func (d deadlineView) Bottom() int { return len(d.Bands) * 26 }

// Height of the drawing.
func (d deadlineView) Height() int { return d.Bottom() + 24 }

// Hours are the marks along the top.
func (d deadlineView) Hours() []hourMark {
	var out []hourMark
	for h := 0; h <= 24; h += 6 {
		out = append(out, hourMark{h * pictureWidth / 24, h})
	}
	return out
}

type hourMark struct{ X, N int }

type triedLine struct {
	From, To, Text, Span string
	Counted              bool
}

func policyBeside(v *visit, t thing) (string, any, error) {
	q := v.r.URL.Query()
	out := deadlineView{Desk: t.text("desk"), From: v.c.Now().In(v.zone).Format("2006-01-02T15:04")}
	clock, priority := chosen(q.Get("clock"), clocks), chosen(q.Get("priority"), []string{"normal", "low", "high", "urgent"})
	for _, c := range clocks {
		out.Clocks = append(out.Clocks, choice{c, say(v.lang, "clock."+c), c == clock})
	}
	for _, p := range v.priorities() {
		out.Priorities = append(out.Priorities, choice{p.Value, p.Name, p.Value == priority})
	}
	ask := url.Values{"clock": {clock}, "priority": {priority}}
	if q.Get("from") != "" {
		out.From = q.Get("from")
	}
	at, err := v.fromInput(out.From)
	if err != nil {
		out.Fault = say(v.lang, "form.time")
		return "policy-part", out, nil
	}
	ask.Set("from", at.UTC().Format(time.RFC3339))
	if err := v.get("/policies/"+url.PathEscape(out.Desk)+"/explain?"+ask.Encode(), &out.Tried); err != nil {
		return "", nil, err
	}
	v.picture(&out)
	return "policy-part", out, nil
}

// chosen is the word where it is one of all, else the first.
func chosen(word string, all []string) string {
	for _, w := range all {
		if w == word {
			return w
		}
	}
	return all[0]
}

func (v *visit) picture(out *deadlineView) {
	tried := out.Tried
	out.Target = spanText(v.lang, tried.TargetMinutes)
	out.CalendarDescription = say(v.lang, "explain.calendar", "key", tried.Calendar.Key, "version", strconv.Itoa(tried.Calendar.Version), "zone", tried.Calendar.Zone)
	if tried.DueAt == nil {
		return
	}
	zone := v.zoneOf(tried.Calendar.Zone)
	there := &visit{c: v.c, lang: v.lang, zone: zone}
	out.Start, out.Due, out.Warn = there.moment(tried.From), there.moment(*tried.DueAt), there.momentOf(tried.WarnAt)
	for _, l := range tried.Lines {
		text := l.Text
		if l.Name != nil {
			text += say(v.lang, "colon") + *l.Name
		}
		out.Lines = append(out.Lines, triedLine{From: there.dayTime(l.From), To: there.dayTime(l.To), Text: text, Span: spanText(v.lang, l.Minutes), Counted: l.Counted})
	}
	out.Bands, out.Rest = there.bands(tried)
}
