package console

// keyGroup is a part of the sheet of keys.
type keyGroup struct {
	Name string // catalog key
	Keys []keyLine
}

type keyLine struct {
	Strokes []string
	Text    string // catalog key
}

// keySheet lists every key. The scripts find theirs in the pages (data-key) and in keys.js.
var keySheet = []keyGroup{
	{"sheet.move", []keyLine{
		{[]string{"J"}, "key.down"},
		{[]string{"K"}, "key.up"},
		{[]string{"Enter", "O"}, "key.open"},
		{[]string{"U"}, "key.back"},
		{[]string{"["}, "key.previous"},
		{[]string{"]"}, "key.next"},
		{[]string{"/"}, "key.search"},
		{[]string{"G", "U"}, "key.go_unassigned"},
		{[]string{"G", "M"}, "key.go_mine"},
		{[]string{"G", "H"}, "key.go_held"},
		{[]string{"G", "I"}, "key.go_incoming"},
		{[]string{"G", "A"}, "key.go_all"},
	}},
	{"sheet.act", []keyLine{
		{[]string{"I"}, "key.keep"},
		{[]string{"T"}, "key.transfer"},
		{[]string{"H"}, "key.hold"},
		{[]string{"E"}, "key.resolve"},
		{[]string{"#"}, "key.classify"},
		{[]string{"M"}, "key.merge"},
		{[]string{"X"}, "key.select"},
		{[]string{"Shift+J", "Shift+K"}, "key.extend"},
		{[]string{"Z"}, "key.undo"},
		{[]string{"."}, "key.copy"},
		{[]string{"C"}, "key.create"},
	}},
	{"sheet.write", []keyLine{
		{[]string{"R"}, "key.answer"},
		{[]string{"N"}, "key.note"},
		{[]string{"Ctrl+Enter"}, "key.send"},
		{[]string{"Ctrl+Shift+Enter"}, "key.send_next"},
		{[]string{"/"}, "key.macro"},
		{[]string{"::"}, "key.module"},
		{[]string{"@"}, "key.mention"},
		{[]string{"Esc"}, "key.leave"},
	}},
	{"sheet.other", []keyLine{
		{[]string{"Ctrl+K"}, "key.palette"}, {[]string{"?"}, "key.sheet"}, {[]string{"Alt+↑", "Alt+↓"}, "key.move_view"},
	}},
}
