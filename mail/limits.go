package mail

// Limits bound what Parse reads. A zero field takes its default.
type Limits struct {
	// Bytes is the size of a mail that is read whole; of a larger one only the headers and the first PlaceholderBytes
	// are read. Default 50 MiB.
	Bytes int
	// PlaceholderBytes is how much of a mail above Bytes is kept as text. Default 256 KiB.
	PlaceholderBytes int
	// HeaderBytes and HeaderLines bound one header block. Defaults 256 KiB and 2,000.
	HeaderBytes, HeaderLines int
	// Depth is how deep multiparts may nest; what lies deeper stays one attachment. Default 12.
	Depth int
	// Parts is how many parts are told apart; the last one keeps the rest. Default 1,000.
	Parts int
	// IDs is how many message ids one header gives. Default 100.
	IDs int
	// Addresses is how many addresses one header gives. Default 500.
	Addresses int
	// BodyBytes bounds Text and HTML each; a longer body is cut and attached whole. Default 2 MiB.
	BodyBytes int
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.Bytes, 50 << 20},
		{&l.PlaceholderBytes, 256 << 10},
		{&l.HeaderBytes, 256 << 10},
		{&l.HeaderLines, 2000},
		{&l.Depth, 12},
		{&l.Parts, 1000},
		{&l.IDs, 100},
		{&l.Addresses, 500},
		{&l.BodyBytes, 2 << 20},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return l
}
