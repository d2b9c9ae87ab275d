// Toasts are kept in window.toasts as [kind, text].
window.toasts = [];
const toast = (text) => window.toasts.push(['plain', text]);
for (const kind of ['success', 'error']) toast[kind] = (text) => window.toasts.push([kind, text]);
export default toast;
