module dev.dalle.trainer {
}
