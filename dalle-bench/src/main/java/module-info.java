module dev.dalle.bench {
}
