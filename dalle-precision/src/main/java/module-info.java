module dev.dalle.precision {
}
