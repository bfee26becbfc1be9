module dev.dalle.bindings {
}
