module dev.dalle.dvae {
}
