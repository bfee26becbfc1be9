module dev.dalle.attention {
}
