package ticket

// ListLook is how a person has lists of tickets laid out. It changes nothing of what they hold.
type ListLook struct {
	Layout  string       `json:"layout"`  // cards, table
	Density string       `json:"density"` // normal, compact
	Columns []ListColumn `json:"columns"` // of the table, from left to right
	// Views are the keys of the kept views in the order in which he wants them; those that are not named come behind.
	Views []string `json:"views,omitempty"`
}

// ListColumn is a column of a list.
type ListColumn struct {
	Name  string `json:"name"`
	Width int    `json:"width"` // pixels; 0: as wide as it needs
}

// DefaultListLook is that of who chose none.
func DefaultListLook() ListLook {
	names := []string{"channel", "number", "title", "client", "last_message", "state", "owner", "priority", "due", "updated"}
	out := ListLook{Layout: "cards", Density: "normal"}
	for _, name := range names {
		out.Columns = append(out.Columns, ListColumn{Name: name})
	}
	return out
}
